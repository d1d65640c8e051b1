from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import SchemaError
from copydesk.model.schema import LabelSchema
from copydesk.studio.client import Studio
from copydesk.studio.interface import check_config, instructions, to_config

ROOT = Path(__file__).parents[2]
TARGETS = ROOT.parent / "shared/schemas"
SHIPPED = ("news-entities", "conflict-events", "attribution-claims")

BEYOND = {"conflict-events": "timex", "attribution-claims": "source_name"}


def shipped(name: str) -> LabelSchema:
    folder = ROOT / "schemas" / name
    with (folder / "schema.toml").open("rb") as file:
        data = tomllib.load(file)
    guidelines = (folder / "guidelines.md").read_text(encoding="utf-8")
    return LabelSchema.read(data, place="schema.toml", guidelines=guidelines)


@pytest.fixture(scope="module")
def news() -> LabelSchema:
    return shipped("news-entities")


def controls(config: str) -> dict[str, list[dict[str, str]]]:
    """The elements that an annotator works with: attributes by tag, without what only concerns looks and selection."""
    found: dict[str, list[dict[str, str]]] = {}
    for element in ET.fromstring(config).iter():
        if element.tag not in {"View", "Style", "Header"}:
            looks = {"hint", "style", "showLabels", "granularity"}
            kept = {key: value for key, value in element.attrib.items() if key not in looks}
            found.setdefault(element.tag, []).append(kept)
    return found


@pytest.mark.parametrize("name", SHIPPED)
def test_the_screen_of_a_shipped_schema_is_the_target_screen(name: str) -> None:
    if not TARGETS.exists():
        pytest.skip("../shared/schemas is not beside the checkout: the screens that these were first made after")
    schema = shipped(name)
    # the target screen of news-entities asks nothing of the document as a whole, and every schema is to
    made = replace(schema, categories=()) if name == "news-entities" else schema
    # nor can it say which day a TIME is, and which source a SOURCE
    made = replace(made, attributes=tuple(one for one in made.attributes if one.name != BEYOND.get(name)))
    target = controls((TARGETS / f"{name}.xml").read_text(encoding="utf-8"))
    found = controls(to_config(made))
    for label in found["Label"] if name != "news-entities" else ():
        assert label.pop("background")  # the target leaves the colours to Label Studio, which makes them of the names
    assert found == target


def test_a_configuration_shows_white_space_as_it_is_so_that_offsets_count_what_is_seen(news: LabelSchema) -> None:
    """Trap 7: without pre-wrap, runs of blanks collapse on the screen."""
    root = ET.fromstring(to_config(news))
    sheets = [view for view in root.iter("View") if view.find("Text") is not None]
    assert [("white-space: pre-wrap" in (view.get("style") or "")) for view in sheets] == [True]


def test_a_reviewers_note_comes_first_and_each_attribute_has_its_name_above_it(news: LabelSchema) -> None:
    root = ET.fromstring(to_config(news))
    headers = [header.get("value") for header in root.iter("Header")]
    assert headers[0] == "$review_note"
    assert headers[2:] == [one.name for one in (*news.attributes, *news.categories)]


def test_styles_hold_nothing_that_label_studio_would_escape(schema: LabelSchema) -> None:
    style = ET.fromstring(to_config(schema)).find("Style")
    assert style is not None
    assert style.text
    assert not set(style.text) & set("<>&\"'")
    assert not set(instructions(schema).partition("</style>")[0].removeprefix("<style>")) & set("<>&\"'")


def test_label_studio_itself_takes_the_configuration(studio: Studio, schema: LabelSchema) -> None:
    for one in (*map(shipped, SHIPPED), schema):
        config = to_config(one)
        check_config(config)
        assert studio.post("api/projects/validate/", json={"label_config": config}) is None


def test_definitions_and_placeholders_are_escaped(schema: LabelSchema) -> None:
    root = ET.fromstring(to_config(schema))
    hints = [label.get("hint") for label in root.iter("Label")]
    assert 'A place, or "locality".' in hints
    assert [area.get("placeholder") for area in root.iter("TextArea")][-1] == 'anything, even <b> & "quotes"'


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("<Labels ", "<Labelz "), "unknown tag <Labelz>"),
        (('value="PLACE"', 'value="PERSON"'), "entity: 'PERSON' stands twice"),
        (('name="note"', 'name="timex"'), "name 'timex' stands twice"),
        (('value="$text"', 'value="text"'), 'expected one <Text value="$text"/>'),
        (('hotkey="2"', 'hotkey="1"'), "hotkey '1' stands twice"),
        (('value="NOM"', 'value=""'), "mention: an empty value"),
        (('toName="text" perRegion', 'toName="nothing" perRegion'), 'toName="nothing" not found'),
        (("</View>", "</Vew>"), "not XML"),
    ],
)
def test_a_configuration_that_would_not_be_shown_as_meant_is_refused(
    schema: LabelSchema, change: tuple[str, str], fault: str
) -> None:
    """Trap 8: neither the server nor its own checker sees most of these."""
    config = to_config(schema).replace("</Labels>", "</Labelz>") if "Labelz" in change[1] else to_config(schema)
    with pytest.raises(SchemaError, match="labelling configuration: ") as caught:
        check_config(config.replace(*change, 1))
    assert fault in str(caught.value)


def test_guidelines_become_html_that_cannot_run_or_fetch_anything(make_schema: Callable[[str], LabelSchema]) -> None:
    html = instructions(
        make_schema(
            "# How\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![p](http://h/p.png) **all**\n\n|a|b|\n|-|-|\n|1|2|"
        )
    )
    assert "<h1>How</h1>" in html
    assert "<strong>all</strong>" in html
    assert "<td>1</td>" in html
    for element in ("<script", "<img", 'href="javascript'):
        assert element not in html


def test_marked_examples_are_shown_in_their_labels_colour_with_all_that_is_said_of_them(
    make_schema: Callable[[str], LabelSchema],
) -> None:
    html = instructions(
        make_schema(
            "- *[Noor <b>]{PERSON lives_in>a}*, of [Aleppo]{PLACE #a mention=NAM}, [then]{not DATE}, [now]{not}."
        )
    )
    assert (
        '<em><span class="copydesk-mark copydesk-PERSON">Noor &lt;b&gt; <b>PERSON (lives_in → Aleppo)</b></span></em>'
    ) in html
    assert ".copydesk-guidelines .copydesk-PERSON { border-color: #e6194b; }" in html
    assert "Aleppo <b>PLACE (mention: NAM)</b></span>" in html
    assert '<span class="copydesk-mark copydesk-not">then <b>not DATE</b></span>' in html
    assert "now <b>not marked</b></span>" in html


def test_an_example_that_the_schema_does_not_allow_is_refused_with_its_line(
    make_schema: Callable[[str], LabelSchema],
) -> None:
    with pytest.raises(SchemaError, match=r"guidelines\.md: 'Noor': unknown label 'NOPE' .* @ line 3"):
        instructions(make_schema("# How\n\n- [Noor]{NOPE}"))


def test_without_guidelines_the_labels_are_listed_with_keys_and_definitions(
    make_schema: Callable[[str], LabelSchema],
) -> None:
    assert "<strong>PERSON</strong>, key <code>1</code>: A person." in instructions(make_schema(""))


@pytest.fixture
def make_schema(news_in_small: dict[str, Any]) -> Callable[[str], LabelSchema]:
    return lambda guidelines: LabelSchema.read(news_in_small, place="s", guidelines=guidelines)

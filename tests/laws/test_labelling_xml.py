"""The law of configurations that are taken over: whatever they say, the schema made of them has nothing wrong in it."""

from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET

from hypothesis import example, given, settings
from hypothesis import strategies as st

from copydesk.errors import SchemaError
from copydesk.model.guidelines import example_faults, unshown
from copydesk.model.new_schema import new_guidelines
from copydesk.model.schema import LabelSchema
from copydesk.model.toml_text import to_toml
from copydesk.studio.from_xml import from_config
from copydesk.studio.interface import check_config, to_config

LEGAL = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
WORDS = st.text(LEGAL, max_size=12) | st.sampled_from(["[a]{B}", "PERSON", "*x*", "`", "a/b", "text", "\\", "<b>", "#"])
NAMES = WORDS | st.sampled_from(["text", "entity", "span"])
KEYS = st.sampled_from(["", "1", "2", "u", "ctrl+a", "é", " "])
COLOURS = st.sampled_from(["", "red", "#F00", "#ff0000", "#b12525", "rgb(1,2,3)", "chartreuse"])
LABELS = st.lists(st.tuples(WORDS, KEYS, COLOURS, WORDS), min_size=1, max_size=6)
SAID = st.lists(
    st.tuples(
        st.sampled_from(["Choices", "Taxonomy", "TextArea", "Number", "Rating", "DateTime"]),
        NAMES,
        st.booleans(),
        st.lists(st.tuples(WORDS, KEYS), max_size=4),
        WORDS,
    ),
    max_size=4,
)


def configuration(labels: list[list[tuple[str, str, str, str]]], said: list[tuple[object, ...]]) -> str:
    root = ET.Element("View")
    ET.SubElement(root, "Text", name="text", value="$text")
    for number, group in enumerate(labels):
        control = ET.SubElement(root, "Labels", name=f"g{number}", toName="text")
        for value, key, colour, hint in group:
            ET.SubElement(control, "Label", value=value, hotkey=key, background=colour, hint=hint)
    for tag, name, is_of_region, choices, shown in said:
        region = "true" if is_of_region else "false"
        more = {"name": str(name), "toName": "text", "perRegion": region, "whenLabelValue": str(shown)}
        control = ET.SubElement(root, str(tag), more)
        assert isinstance(choices, list)
        for value, key in choices:
            ET.SubElement(control, "Choice", value=value, hotkey=key)
    return ET.tostring(root, encoding="unicode")


@settings(deadline=None, max_examples=60)
@given(labels=st.lists(LABELS, min_size=1, max_size=2), said=SAID)
@example(labels=[[("A", "", "", "")]], said=[("TextArea", "text", False, [], "")])
@example(labels=[[("", "", "", "")]], said=[("TextArea", "entity", False, [], ""), ("Number", "span", False, [], "")])
def test_whatever_a_configuration_says_the_schema_made_of_it_is_good(
    labels: list[list[tuple[str, str, str, str]]], said: list[tuple[object, ...]]
) -> None:
    named = [value.strip() for group in labels for value, *_ in group if value.strip()]
    if not named and not said:
        return
    try:
        made = from_config(configuration(labels, said), name="made", place="x")
    except SchemaError:
        assert not named
        return
    guidelines = new_guidelines(made.data)
    schema = LabelSchema.read(tomllib.loads(to_toml(made.data)), place="x", guidelines=guidelines)
    assert example_faults(guidelines, schema) == []
    assert unshown(guidelines, schema) == []
    assert len({label.colour for label in schema.labels}) == len(schema.labels) >= len(named)
    check_config(to_config(schema))

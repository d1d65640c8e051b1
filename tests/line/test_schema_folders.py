"""Rules of schemas as folders: what is laid out passes its own check, every fault is told with its place, and XML is read whole."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import SchemaError, UsageError
from copydesk.flow import schemas
from copydesk.model.guidelines import unshown
from copydesk.studio.config_xml import MOST_CHARACTERS
from copydesk.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted((ROOT / "tests/cases/labelling-xml").glob("*.xml"))
SHARED = sorted((ROOT.parent / "shared" / "schemas").glob("*.xml"))
MARKER = (ROOT / "copydesk.toml").read_text(encoding="utf-8")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "copydesk.toml").write_text(MARKER, encoding="utf-8")
    return Workspace.open(tmp_path)


def faults(workspace: Workspace, name: str) -> list[str]:
    return list(schemas.check(workspace, name, on_server=False).lines)


def test_a_new_schema_passes_its_check_and_is_never_laid_over_another(workspace: Workspace) -> None:
    schemas.new(workspace, "mine", labels=("PERSON", "PLACE"))
    assert faults(workspace, "mine") == []
    assert workspace.schema("mine").label_names == ("PERSON", "PLACE")
    with pytest.raises(UsageError, match="there already"):
        schemas.new(workspace, "mine", labels=())


def test_what_an_interrupted_command_left_is_finished_and_what_somebody_wrote_is_kept(workspace: Workspace) -> None:
    schemas.new(workspace, "mine", labels=("PERSON",))
    folder = workspace.schema_folder("mine")
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "schema.toml").unlink()
    (folder / ".tmp-schema.toml").write_bytes(whole["schema.toml"][:10])
    schemas.new(workspace, "mine", labels=("PERSON",))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    (folder / "schema.toml").unlink()
    (folder / "guidelines.md").write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(UsageError, match="there already"):
        schemas.new(workspace, "mine", labels=("PERSON",))
    assert (folder / "guidelines.md").read_text(encoding="utf-8") == "# Mine\n"


@pytest.mark.parametrize("name", sorted(path.parent.name for path in (ROOT / "schemas").glob("*/schema.toml")))
def test_each_schema_that_ships_passes_its_check(workspace: Workspace, name: str) -> None:
    assert faults(workspace, str(ROOT / "schemas" / name)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_configuration_is_read_and_what_it_has_more_is_told_by_tag_and_place(
    workspace: Workspace, case: Path
) -> None:
    expected: dict[str, Any] = json.loads(case.with_suffix(".json").read_text(encoding="utf-8"))
    if "error" in expected:
        with pytest.raises(SchemaError, match=expected["error"]):
            schemas.from_xml(workspace, case, name="made")
        assert not workspace.schema_folder("made").exists()
        return
    report = schemas.from_xml(workspace, case, name="made")
    schema = workspace.schema("made")
    read = {
        "labels": list(schema.label_names),
        "relations": list(schema.relation_names),
        "attributes": [one.name for one in schema.attributes],
        "categories": [one.name for one in schema.categories],
        "unmapped": [one.split(": ")[0] for one in report.data["unmapped"]],
    }
    assert {**read, "unmapped": sorted(read["unmapped"])} == {**expected, "unmapped": sorted(expected["unmapped"])}
    assert faults(workspace, "made") == []
    assert (workspace.schema_folder("made") / schemas.KEPT_XML).read_text() == case.read_text()


@pytest.mark.parametrize("name", ["news-entities", "conflict-events", "attribution-claims"])
def test_what_is_made_of_a_schema_s_own_configuration_has_the_same_parts(workspace: Workspace, name: str) -> None:
    whole = schemas.read_schema(ROOT / "schemas" / name)
    file = workspace.root / "own.xml"
    file.write_text(schemas.config_of(workspace, str(ROOT / "schemas" / name)), encoding="utf-8")
    assert schemas.from_xml(workspace, file, name="own").data["unmapped"] == []
    made = workspace.schema("own")
    assert [(one.name, one.group, one.hotkey, one.colour) for one in made.labels] == [
        (one.name, one.group, one.hotkey, one.colour) for one in whole.labels
    ]
    assert made.relation_names == whole.relation_names
    for ours, theirs in ((made.attributes, whole.attributes), (made.categories, whole.categories)):
        assert [(one.name, one.kind, one.choices) for one in ours] == [
            (one.name, {"timex": "text"}.get(one.kind, one.kind), one.choices) for one in theirs
        ]
    assert [set(one.labels or made.label_names) for one in made.attributes] == [
        set(one.labels or whole.label_names) for one in whole.attributes
    ]


def facts(config: str) -> dict[str, Any]:
    """What a configuration says, apart from its looks; labels of all of a group, and none named, are the same."""
    root = ET.fromstring(config)
    groups = {one.get("name"): [label.get("value") for label in one] for one in root.iter("Labels")}
    controls = {}
    for one in (one for one in root.iter() if one.get("name") and one.tag not in {"Text", "Labels"}):
        of = (one.get("whenLabelValue") or ",".join(map(str, groups.get(one.get("whenTagName"), [])))).split(",")
        choice = "multiple" if one.get("choice") == "multiple" else ""
        choices = [(part.get("value"), part.get("hotkey")) for part in one.iter("Choice")]
        controls[one.get("name")] = (one.tag, one.get("perRegion"), sorted(of), choice, choices, one.get("placeholder"))
    return {
        "labels": [(key, one.get("value"), one.get("hotkey")) for key in groups for one in _labels(root, key)],
        "colours": {one.get("value"): one.get("background") for one in root.iter("Label") if one.get("background")},
        "relations": [one.get("value") for one in root.iter("Relation")],
        "controls": controls,
    }


def _labels(root: ET.Element, group: str | None) -> list[ET.Element]:
    return [one for labels in root.iter("Labels") if labels.get("name") == group for one in labels]


@pytest.mark.skipif(not SHARED, reason="the configurations beside the checkout are not here")
@pytest.mark.parametrize("source", SHARED, ids=lambda path: path.stem)
def test_a_configuration_that_was_mapped_whole_says_the_same_when_it_is_made_anew(
    workspace: Workspace, source: Path
) -> None:
    report = schemas.from_xml(workspace, source, name="made")
    assert faults(workspace, "made") == []
    ours, theirs = (facts(text) for text in (schemas.config_of(workspace, "made"), source.read_text(encoding="utf-8")))
    if report.data["unmapped"]:
        assert source.stem == "conflict-micro"  # its text is HTML, its choices too, and it has no labels
        ours["labels"], theirs["controls"] = [], {**theirs["controls"], "ctx": None}
        del theirs["controls"]["ctx"]
    assert ours["colours"].items() >= theirs["colours"].items()
    assert {**ours, "colours": 0} == {**theirs, "colours": 0}


def test_a_configuration_that_is_too_large_is_refused(workspace: Workspace) -> None:
    file = workspace.root / "large.xml"
    file.write_text(f"<View>{' ' * MOST_CHARACTERS}</View>", encoding="utf-8")
    with pytest.raises(SchemaError, match="is the most"):
        schemas.from_xml(workspace, file, name="made")


@pytest.mark.parametrize("name", ["", "../mine", "two words", "-x", "Ü"])
def test_a_name_that_is_none_of_a_folder_is_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a folder"):
        schemas.new(workspace, name, labels=())


def test_each_label_that_is_laid_out_has_a_marked_example(workspace: Workspace) -> None:
    schemas.new(workspace, "mine", labels=())
    schema = workspace.schema("mine")
    assert unshown(schema.guidelines, schema) == []


@pytest.mark.parametrize("text", ["labels = 5", "labels = [1]", "labels = [[1]]", 'name = 5\nlabels = "x"'])
def test_a_schema_of_other_types_than_it_should_have_is_told_and_breaks_nothing(
    workspace: Workspace, text: str
) -> None:
    folder = workspace.schema_folder("mine")
    folder.mkdir(parents=True)
    (folder / "schema.toml").write_text(text, encoding="utf-8")
    assert any("@ $.labels" in line for line in faults(workspace, "mine"))


def test_what_is_wrong_with_names_and_with_suggestions_is_told_at_once(workspace: Workspace) -> None:
    schemas.new(workspace, "mine", labels=())
    folder = workspace.schema_folder("mine")
    (folder / "names.tsv").write_text("Bamenda\tNOWHERE\n", encoding="utf-8")
    with (folder / "schema.toml").open("a", encoding="utf-8") as file:
        file.write('\n[suggest]\nguess = "ORG"\n')
    told = faults(workspace, "mine")
    assert [name for name in ("guess", "names.tsv") if not any(name in line for line in told)] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('hotkey = "2"', 'hotkey = "1"', "hotkey '1' @ $.labels[1].hotkey is taken"),
        ('name = "mine"', 'name = "other"', "is not the folder's"),
        ('version = "1.0.0"', 'version = "one"', "version 'one' @ $.version"),
        ('name = "PERSON"', 'name = "HUMAN"', "label HUMAN is not in it"),
        ("[[labels]]", "[labels", "not TOML"),
    ],
)
def test_a_fault_is_told_with_file_place_and_fix(workspace: Workspace, old: str, new: str, said: str) -> None:
    schemas.new(workspace, "mine", labels=())
    path = workspace.schema_folder("mine") / "schema.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    report = schemas.check(workspace, "mine", on_server=False)
    assert schemas.faults_fault(report) is not None
    (line,) = [line for line in report.lines if said in line]
    assert line.startswith("mine/")
    assert "(fix: " in line


class _Loaded(HTMLParser):
    """Notes everything that a page would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] if tag in {"script", "img", "link", "iframe"} else []
        self.found += [name for name, _ in attrs if name in {"src", "onclick", "onload"}]


def test_the_preview_shows_every_label_and_key_and_fetches_nothing(workspace: Workspace) -> None:
    schemas.new(workspace, "mine", labels=())
    path = workspace.schema_folder("mine") / "schema.toml"
    hostile = path.read_text(encoding="utf-8").replace("Person: say", "<script>alert(1)</script>: say")
    path.write_text(hostile, encoding="utf-8")
    target = workspace.root / "page.html"
    schemas.preview(workspace, "mine", file=target)
    page = target.read_text(encoding="utf-8")
    for label in workspace.schema("mine").labels:
        assert label.name in page
        assert f"<kbd>{label.hotkey}</kbd>" in page
        assert label.colour in page
    reader = _Loaded()
    reader.feed(page)
    assert reader.found == []

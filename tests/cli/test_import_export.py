"""A JSON export of Label Studio comes in whole and once, as a pull would bring it, and a file that is none leaves nothing behind."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.cli import cli
from copydesk.errors import ExportError, UnknownError, UsageError
from copydesk.flow.exported import export_fault, import_export
from copydesk.flow.ingest import ingest
from copydesk.flow.labels import read_labels
from copydesk.flow.report import Report
from copydesk.model.document import doc_id_of, text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.studio import exported
from copydesk.studio.changes import current_state
from copydesk.studio.codec import category_items, shown_text, to_result
from copydesk.studio.states import EXPORT, Project, is_settled, pulled_until, read_states
from copydesk.studio.whom import ADDRESS
from copydesk.workspace import Workspace

CASES = Path(__file__).parents[1] / "cases" / "exports"
LEOKA = Path(__file__).parents[3] / "shared" / "data" / "leoka-label-studio"
REFUSED = tomllib.loads((CASES / "refused.toml").read_text(encoding="utf-8"))
PEOPLE = tomllib.loads((CASES / "people.toml").read_text(encoding="utf-8"))
EXPECTED = tomllib.loads((CASES / "leoka" / "expected.toml").read_text(encoding="utf-8"))
NOON = "2026-01-01T12:00:00.000000Z"
LATER = "2026-01-02T12:00:00.000000Z"
TEXT = "Noor lives in Aleppo, and writes to noor@desk.example."


def quiet(*_: object) -> None:
    pass


def workspace_at(folder: Path, schema: str = "small") -> Workspace:
    shutil.copytree(CASES / schema, folder / "schemas" / schema)
    settings = f'name = "desk"\nschema = "{schema}"\n[engine]\nname = "inline"\n'
    (folder / "copydesk.toml").write_text(settings, encoding="utf-8")
    return Workspace.open(folder)


@pytest.fixture
def desk(tmp_path: Path) -> Workspace:
    return workspace_at(tmp_path)


def region(start: int, end: int, label: str, **more: object) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": f"{start}:{end}", "from_name": "entity", "to_name": "text", "type": "labels", "value": value, **more}


def annotation(number: int, by: object, *items: object, **more: object) -> dict[str, Any]:
    plain = {"id": number, "completed_by": by, "result": list(items), "was_cancelled": False, "ground_truth": False}
    return {**plain, "created_at": NOON, "updated_at": NOON, "lead_time": 1.5, **more}


def task(number: int, *annotations: Mapping[str, Any], text: str = TEXT, **more: Any) -> dict[str, Any]:
    skipped = sum(bool(one["was_cancelled"]) for one in annotations)
    plain = {"id": number, "project": 7, "data": {"text": text}, "annotations": list(annotations), "drafts": []}
    counts = {"total_annotations": len(annotations) - skipped, "cancelled_annotations": skipped}
    return {**plain, **counts, "created_at": NOON, "updated_at": NOON, **more}


def imported(desk: Workspace, tasks: Sequence[object], name: str = "export.json") -> Report:
    file = desk.root / name
    file.write_text(json.dumps(tasks), encoding="utf-8")
    return import_export(desk, file, progress=quiet)


def spans(desk: Workspace) -> list[tuple[Any, ...]]:
    names = ("annotator", "start", "end", "label", "surface")
    rows = desk.labels.read("spans").to_pylist()
    return sorted(tuple(row[name] for name in names) for row in rows)


def everything_in(folder: Path) -> str:
    """Give all that the files of a workspace's state say, also what is compressed in them."""
    said = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        said.append(file.name)
        table = pq.read_table(file, partitioning=None).to_pylist() if file.suffix == ".parquet" else None
        said.append(repr(table) if table is not None else file.read_text(encoding="utf-8"))
    return "\n".join(said)


@pytest.mark.skipif(
    not LEOKA.is_dir(),
    reason="the exports are not at ../shared/data/leoka-label-studio (they are no part of this project)",
)
def test_two_real_exports_come_in_whole_with_every_defect_counted_and_no_address(tmp_path: Path) -> None:
    desk, addresses = workspace_at(tmp_path, "leoka"), set[str]()
    for name, expected in EXPECTED.items():
        told = import_export(desk, LEOKA / name, progress=quiet)
        assert {key: told.counts[key] for key in expected["counts"]} == expected["counts"]
        assert {one["code"]: one["count"] for one in told.data["defects"]} == expected["defects"]
        assert all(one["example"] for one in told.data["defects"])
        raw = json.loads((LEOKA / name).read_text(encoding="utf-8"))
        addresses |= set(ADDRESS.findall(json.dumps(raw)))
        results = [one["result"] for each in raw for one in each["annotations"]]
        assert sum(map(len, results)) == expected["items"]
        assert export_fault(told) is None
    assert_every_unit_is_kept_or_rejected(desk)
    assert desk.pulls.read("drafts").num_rows == 19
    assert {row["annotator"] for row in desk.pulls.read("drafts").to_pylist()} <= {f"A{n}" for n in range(1, 9)}
    said = everything_in(desk.state)
    assert len(addresses) == 8
    assert not [one for one in addresses if one in said]
    digests = desk.pulls.digest, desk.documents.digest
    for name in EXPECTED:
        again = import_export(desk, LEOKA / name, progress=quiet)
        assert (again.changed, again.counts["new"]) == (False, 0)
    assert (desk.pulls.digest, desk.documents.digest) == digests


def assert_every_unit_is_kept_or_rejected(desk: Workspace) -> None:
    """Whatever an annotation that counts says is a span, a category, or rejected by itself."""
    counted = set(desk.labels.read("reads")["annotation_id"].to_pylist())
    rows = [row for row in current_state(desk.pulls).to_pylist() if row["annotation_id"] in counted]
    units = sum(len(item["value"].get(item["type"]) or [None]) for row in rows for item in json.loads(row["result"]))
    rejected = [json.loads(row["row"]) for row in desk.labels.read("rejected").to_pylist()]
    alone = sum(isinstance(row["result"], dict) for row in rejected)
    assert units == desk.labels.read("spans").num_rows + desk.labels.read("categories").num_rows + alone
    whole = {row["annotation_id"] for row in rejected} - counted
    assert len(counted) + len(whole) == current_state(desk.pulls).num_rows


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_export_is_refused_with_the_fix_and_leaves_nothing(desk: Workspace, name: str) -> None:
    file = desk.root / "export.json"
    file.write_text(REFUSED[name]["content"], encoding="utf-8")
    with pytest.raises(ExportError, match=r"Export > JSON|newer release") as refused:
        import_export(desk, file, progress=quiet)
    assert REFUSED[name]["says"] in refused.value.message
    assert str(file) in refused.value.message
    assert refused.value.exit_code == 2
    assert [path.name for path in desk.state.iterdir()] == ["lock"]


def test_an_export_cut_at_any_place_is_refused_and_leaves_nothing(desk: Workspace) -> None:
    whole = json.dumps([task(1, annotation(1, 5, region(0, 4, "PERSON"))), task(2, text="Idlib.")]).encode()
    file = desk.root / "export.json"
    for end in range(0, len(whole), 29):
        for content in (whole[:end], gzip.compress(whole)[: 20 + end // 10]):
            file.write_bytes(content)
            with pytest.raises(ExportError):
                import_export(desk, file, progress=quiet)
    assert not desk.pulls.parts()
    assert not desk.documents.parts()


def test_compressed_and_packed_exports_are_read_as_plain_ones(desk: Workspace) -> None:
    plain = json.dumps([task(1, annotation(1, 5, region(0, 4, "PERSON")))]).encode()
    with zipfile.ZipFile(desk.root / "export.zip", "w") as archive:
        archive.writestr("notes.txt", "made by hand")
        archive.writestr("project-7.json", plain)
    packed = {"gz": gzip.compress(plain), "zst": zstandard.compress(plain), "utf16": plain.decode().encode("utf-16")}
    for suffix, content in packed.items():
        (desk.root / f"export.{suffix}").write_bytes(content)
    news = [import_export(desk, desk.root / f"export.{one}", progress=quiet).counts["new"] for one in ("zip", *packed)]
    assert news == [1, 0, 0, 0]
    with zipfile.ZipFile(desk.root / "export.zip", "a") as archive:
        archive.writestr("project-8.json", plain)
    with pytest.raises(ExportError, match="2 JSON files"):
        import_export(desk, desk.root / "export.zip", progress=quiet)


def test_a_task_that_push_made_joins_its_document_and_one_of_the_same_text_does_so_too(desk: Workspace) -> None:
    text = "😀 Noor lives in Aleppo."
    (desk.root / "story.txt").write_text(text, encoding="utf-8")
    ingest(desk, [desk.root / "story.txt"], progress=quiet)
    doc_id = doc_id_of("story.txt")
    pushed = {"doc_id": doc_id, "revision": 1, "text_sha256": text_sha256(text), "text": shown_text(text)}
    told = imported(
        desk,
        [
            task(1, annotation(1, 5, region(2, 6, "PERSON")), data=pushed),
            task(2, annotation(2, 6, region(2, 6, "PLACE")), text=text),
        ],
    )
    assert (told.counts["new documents"], told.counts["counted"], told.counts["rejected"]) == (0, 2, 0)
    assert set(desk.labels.read("spans")["doc_id"].to_pylist()) == {doc_id}
    assert spans(desk) == [("A1", 2, 6, "PERSON", "Noor"), ("A2", 2, 6, "PLACE", "Noor")]


def test_offsets_into_a_text_that_ingest_mends_are_carried_over_to_its_document(desk: Workspace) -> None:
    text = "  Noor  lives\r\nin Aleppo\u0301.\n\n\n\nShe  writes. "
    told = imported(desk, [task(1, annotation(1, 5, region(2, 6, "PERSON"), region(18, 25, "PLACE")), text=text)])
    assert text[18:25] == "Aleppo\u0301"
    assert [(label, surface) for _, _, _, label, surface in spans(desk)] == [("PERSON", "Noor"), ("PLACE", "Aleppó")]
    assert (told.counts["counted"], told.counts["rejected"]) == (1, 0)


@pytest.mark.parametrize("name", PEOPLE)
def test_whoever_is_named_in_two_ways_gets_one_pseudonym_and_no_address_is_kept(desk: Workspace, name: str) -> None:
    case = PEOPLE[name]
    note = {"meta": {"text": ["ask noor@desk.example or other@desk.example"]}}
    said = {"id": "0:4", "from_name": "note", "to_name": "text", "type": "textarea"}
    said["value"] = {"start": 0, "end": 4, "text": ["as NOOR@desk.example says; write to press@army.example"]}
    tasks = [
        task(
            number,
            annotation(number, who, region(0, 4, "PERSON", **note), said),
            project=project,
            text=f"Text {number}",
        )
        for number, (project, who) in enumerate(zip(case["project"], case["named"], strict=True), 1)
    ]
    imported(desk, tasks)
    who = desk.labels.read("reads")["annotator"].to_pylist()
    assert len(who) == 2
    assert len(set(who)) == (1 if case["same"] else 2)
    addresses = ("noor@desk.example", "sami@desk.example") if "@" in str(case["named"]) else ()
    said_everywhere = everything_in(desk.state).lower()
    assert not [one for one in (*addresses, "other@desk.example") if one in said_everywhere]
    assert "press@army.example" in said_everywhere, "what somebody notes of the article stays"


def test_an_older_export_undoes_nothing_and_what_it_leaves_out_is_not_gone(desk: Workspace) -> None:
    first = task(1, annotation(1, 5, region(0, 4, "PERSON")), annotation(2, 6, was_cancelled=True))
    changed = annotation(1, 5, region(14, 20, "PLACE"), updated_at=LATER)
    second = task(1, changed, annotation(2, 6, was_cancelled=True), updated_at=LATER)
    imported(desk, [first])
    assert imported(desk, [second]).counts["changed"] == 1
    older = imported(desk, [first])
    assert (older.changed, older.counts["older"]) == (False, 2)
    assert [label for _, _, _, label, _ in spans(desk)] == ["PLACE"]
    part = {**second, "annotations": [changed], "cancelled_annotations": 1}
    told = imported(desk, [part])
    assert (told.counts["gone"], told.changed) == (0, False)
    assert {one["code"] for one in told.data["defects"]} == {"left-out"}
    told = imported(desk, [{**part, "cancelled_annotations": 0, "updated_at": "2026-01-03T12:00:00Z"}])
    assert (told.counts["gone"], told.counts["new"]) == (1, 0)
    assert Counter(current_state(desk.pulls)["state"].to_pylist()) == {"live": 1, "gone": 1}


def test_an_import_that_was_stopped_anywhere_goes_on_where_it_was(
    desk: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [task(n, annotation(n, 5, region(0, 4, "PERSON")), text=f"Text {n}") for n in range(1, 6)]
    monkeypatch.setattr(exported, "_ITEMS", 3)
    file = tmp_path / "export.json"
    file.write_text(json.dumps(tasks), encoding="utf-8")
    for stop in (2, 4):

        def stopping(what: str, done: int, _total: int, stop: int = stop) -> None:
            if what == "import-export" and done == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            import_export(desk, file, progress=stopping)
    assert 0 < current_state(desk.pulls).num_rows < 5
    assert imported(desk, tasks).counts["counted"] == 5
    assert Counter(current_state(desk.pulls)["state"].to_pylist()) == {"live": 5}
    assert not (desk.state / "imports").exists()


def test_two_servers_have_a_project_of_the_same_number_and_neither_undoes_the_other(desk: Workspace) -> None:
    imported(desk, [task(1, annotation(1, 5, region(0, 4, "PERSON")))])
    other = task(1, annotation(1, 5, region(14, 20, "PLACE")), text="Idlib, not Aleppo.", created_at=LATER)
    assert imported(desk, [other]).counts["gone"] == 0
    assert Counter(current_state(desk.pulls)["state"].to_pylist()) == {"live": 2}
    assert len(spans(desk)) == 1, "the other one lies beyond its text"


def test_labels_that_the_schema_has_not_are_kept_and_named_and_read_once_it_has_them(desk: Workspace) -> None:
    strange = region(0, 4, "PERSON", from_name="label"), region(14, 20, "CITY")
    told = imported(desk, [task(1, annotation(1, 5, *strange))])
    fault = export_fault(told)
    assert fault is not None
    assert fault.exit_code == 1
    assert told.data["reasons"] == {"unknown-label": 1, "unmapped-result": 1}
    assert any("label (labels: PERSON); entity (labels: CITY)" in line for line in told.lines)
    schema = desk.root / "schemas" / "small" / "schema.toml"
    schema.write_text(schema.read_text(encoding="utf-8").replace('"PLACE"', '"CITY"'), encoding="utf-8")
    assert read_labels(desk).counts["spans"] == 1


def test_labels_of_another_text_than_is_found_are_told_with_the_key_of_theirs(desk: Workspace) -> None:
    story = region(14, 20, "PLACE")
    story["value"]["text"] = "Aleppo"
    tasks = [task(1, annotation(1, 5, story), data={"text": "A headline, and no story", "story_body": TEXT})]
    fault = export_fault(imported(desk, tasks))
    assert fault is not None
    assert 'text = "story_body" under [ingest.columns]' in fault.fix
    with (desk.root / "copydesk.toml").open("a", encoding="utf-8") as settings_file:
        settings_file.write('[ingest.columns]\ntext = "story_body"\n')
    mended = Workspace.open(desk.root)
    assert export_fault(imported(mended, tasks)) is None
    assert spans(mended) == [("A1", 14, 20, "PLACE", "Aleppo")]
    assert Counter(current_state(mended.pulls)["state"].to_pylist()) == {"live": 1, "gone": 1}


def test_of_several_schemas_one_has_to_be_named(desk: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CASES / "leoka", desk.root / "schemas" / "leoka")
    file = desk.root / "copydesk.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("[engine]", 'schemas = ["leoka"]\n[engine]'), encoding="utf-8"
    )
    monkeypatch.chdir(desk.root)
    with pytest.raises(UsageError, match="2 schemas: small, leoka"):
        cli.main(["import-export", "export.json"], standalone_mode=False)


def test_drafts_are_kept_as_drafts_and_count_nowhere(desk: Workspace) -> None:
    begun = {"id": 3, "user": "noor@desk.example", "result": [region(14, 20, "PLACE")], "annotation": None}
    begun |= {"created_at": NOON, "updated_at": LATER, "lead_time": 2}
    changing = {**begun, "id": 4, "annotation": 1}
    tasks = [task(1, annotation(1, 5, region(0, 4, "PERSON")), drafts=[begun, changing, 9])]
    told = imported(desk, tasks)
    counts = {one["code"]: one["count"] for one in told.data["defects"]}
    assert counts == {"draft": 3, "draft-of-submitted": 1, "draft-untold": 1}
    kept = desk.pulls.read("drafts").to_pylist()
    assert [(row["draft_id"], row["of_annotation"], row["annotator"]) for row in kept] == [
        (3, None, "A1"),
        (4, 1, "A1"),
        (9, None, ""),
    ]
    assert [label for _, _, _, label, _ in spans(desk)] == ["PERSON"]
    assert imported(desk, tasks).changed is False
    imported(desk, [{**tasks[0], "drafts": [{**begun, "result": []}]}])
    assert desk.pulls.read("drafts").num_rows == 4


def test_after_an_export_a_pull_looks_back_to_where_the_last_pull_was(desk: Workspace) -> None:
    imported(desk, [task(1, annotation(1, 5, region(0, 4, "PERSON")), updated_at=LATER)])
    (part,) = desk.pulls.parts()
    key = part.receipt["project"]
    project = Project(7, key, "")
    states = read_states(desk.pulls, project)
    assert len(states) == 1
    assert part.receipt["stage"] == EXPORT
    assert pulled_until(desk.pulls, project, states) is None
    assert not is_settled(desk.pulls, project)


def test_what_is_no_number_no_time_and_no_result_comes_in_all_the_same(desk: Workspace) -> None:
    odd = annotation(1, None, updated_at="yesterday", created_at=None, lead_time="long", was_cancelled=None)
    odd |= {"id": "x", "result": None}
    huge = annotation(
        2, 5, region(0, 10**30, "PERSON"), region(4, 2, "PERSON"), "no region", created_at="2026-01-01 12:00"
    )
    told = imported(desk, [task(1, odd, huge, project=None, updated_at=5), task(2, text=" ", data={"html": "<p>x"})])
    assert told.counts["annotations"] == told.counts["new"] == 2
    assert told.data["reasons"] == {
        "bad-offsets": 1,
        "span-outside-text": 1,
        "unknown-annotator": 1,
        "unmapped-result": 1,
    }
    assert imported(desk, [task(1, odd, huge, project=None, updated_at=5)]).changed is False


def test_the_command_says_what_came_and_leaves_with_the_right_code(desk: Workspace) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from copydesk.cli import main; main()", "import-export", *arguments]
        return subprocess.run(command, cwd=desk.root, capture_output=True, text=True, check=False)

    (desk.root / "export.json").write_text(json.dumps([task(1, annotation(1, 5, region(0, 4, "PERSON")))]))
    done = run("export.json", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["counts"]["new"], told["controls"][0]["values"]) == (0, 1, {"PERSON": 1})
    missing = run("nowhere.json")
    assert (missing.returncode, "there is no file" in missing.stderr) == (2, True)
    assert "Traceback" not in missing.stderr


def test_a_file_that_is_not_there_is_named(desk: Workspace) -> None:
    with pytest.raises(UnknownError, match=r"nowhere\.json"):
        import_export(desk, desk.root / "nowhere.json", progress=quiet)


WORDS = st.sampled_from(["Noor", "Aleppo", "😀", "حلب", "met", "Café", "नमस्ते", "of", "Sami", "Qaim"])


@st.composite
def label_states(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Texts of words, and for each what two people say of it: spans of words, nested and crossing, relations, notes, a tone."""
    states = []
    for number in range(draw(st.integers(1, 4))):
        words = draw(st.lists(WORDS, min_size=2, max_size=12))
        text = " ".join([f"Text {number}:", *words])
        starts = [0, *(at + 1 for at, sign in enumerate(text) if sign == " ")]
        ends = [*(at for at, sign in enumerate(text) if sign == " "), len(text)]
        places = [(start, end) for start in starts for end in ends if start < end]
        readings = []
        for who in (1, 2):
            chosen = draw(
                st.lists(
                    st.tuples(st.sampled_from(places), st.sampled_from(["PERSON", "PLACE"])), max_size=5, unique=True
                )
            )
            notes = draw(st.lists(st.sampled_from(["", "one", "two"]), min_size=len(chosen), max_size=len(chosen)))
            tone = draw(st.sampled_from(["", "calm", "loud"]))
            readings.append({"who": who, "spans": list(zip(chosen, notes, strict=True)), "tone": tone})
        states.append({"text": text, "readings": readings})
    return states


def written(state: Mapping[str, Any], number: int, schema: LabelSchema) -> dict[str, Any]:
    """Write a state as the codec writes it, in the frame of an export."""
    annotations = []
    for reading in state["readings"]:
        rows = [
            {
                "span_id": f"r{place}",
                "start": start,
                "end": end,
                "surface": state["text"][start:end],
                "label": label,
                "attributes": [{"name": "note", "value": note}] if note else [],
            }
            for place, (((start, end), label), note) in enumerate(reading["spans"])
        ]
        heads = [row["span_id"] for row in rows if row["label"] == "PERSON"]
        tails = [row["span_id"] for row in rows if row["label"] == "PLACE"]
        joined = [
            {"head_span_id": head, "tail_span_id": tail, "label": "lives_in"}
            for head, tail in zip(heads, tails, strict=False)
        ]
        result = to_result(rows, joined, schema)
        result += category_items([("tone", reading["tone"])], schema) if reading["tone"] else []
        annotations.append(annotation(10 * number + reading["who"], reading["who"], *result))
    return task(number, *annotations, text=state["text"])


def state_in(desk: Workspace) -> Iterator[tuple[Any, ...]]:
    """Give what is in the tables of labels, by text and annotator."""
    texts = {row["doc_id"]: row["text"] for row in desk.documents.read("documents").to_pylist()}
    places = {}
    for row in desk.labels.read("spans").to_pylist():
        place = places[row["span_id"]] = row["start"], row["end"], row["label"]
        yield texts[row["doc_id"]], row["annotator"], place, tuple(one["value"] for one in row["attributes"])
    for row in desk.labels.read("relations").to_pylist():
        yield texts[row["doc_id"]], row["annotator"], places[row["head_span_id"]], places[row["tail_span_id"]]
    for row in desk.labels.read("categories").to_pylist():
        yield texts[row["doc_id"]], row["annotator"], row["value"]


def state_of(states: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for state in states:
        for reading in state["readings"]:
            who = f"A{reading['who']}"
            for ((start, end), label), note in reading["spans"]:
                yield state["text"], who, (start, end, label), (note,) if note else ()
            placed = [(start, end, label) for ((start, end), label), _ in reading["spans"]]
            heads = [one for one in placed if one[2] == "PERSON"]
            tails = [one for one in placed if one[2] == "PLACE"]
            yield from ((state["text"], who, head, tail) for head, tail in zip(heads, tails, strict=False))
            if reading["tone"]:
                yield state["text"], who, reading["tone"]


@settings(deadline=None, max_examples=8)
@given(states=label_states())
def test_an_export_written_from_any_state_of_labels_comes_in_as_that_state(states: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = workspace_at(Path(folder))
        tasks = [written(state, number, desk.schema()) for number, state in enumerate(states, 1)]
        told = imported(desk, tasks)
        assert Counter(state_in(desk)) == Counter(state_of(states))
        assert (told.counts["rejected"], imported(desk, tasks).changed) == (0, False)

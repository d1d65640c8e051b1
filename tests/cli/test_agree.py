"""``copydesk agree`` on what is not as it should be, and on real teams: a clear word each, and every figure accounted for."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from copydesk.cli import cli
from copydesk.errors import UnknownError
from copydesk.flow.exported import import_export
from copydesk.workspace import Workspace

CASES = Path(__file__).parents[1] / "cases" / "exports"
LEOKA = Path(__file__).parents[3] / "shared" / "data" / "leoka-label-studio"
TEXTS = ("Noor lives in Aleppo.", "Karim left Hit.")


def quiet(*_: object) -> None:
    pass


def desk_at(folder: Path, schema: str, *agree: str) -> Workspace:
    shutil.copytree(CASES / schema, folder / "schemas" / schema)
    settings = ['name = "desk"', f'schema = "{schema}"', "[engine]", 'name = "inline"', "[agree]", *agree, ""]
    (folder / "copydesk.toml").write_text("\n".join(settings), encoding="utf-8")
    return Workspace.open(folder)


def region(text: str, words: str, label: str) -> dict[str, Any]:
    start = text.index(words)
    value = {"start": start, "end": start + len(words), "labels": [label]}
    return {"id": words, "from_name": "entity", "to_name": "text", "type": "labels", "value": value}


def made(number: int, by: int, text: str, *marks: tuple[str, str], **more: Any) -> dict[str, Any]:
    at = f"2026-01-01T12:{number:02}:00.000000Z"
    plain = {"id": number, "completed_by": by, "was_cancelled": False, "ground_truth": False, "lead_time": 1.5}
    return plain | {"created_at": at, "updated_at": at, "result": [region(text, *mark) for mark in marks]} | more


def exported(folder: Path, *tasks: list[dict[str, Any]]) -> Path:
    file = folder / "export.json"
    rows = []
    for number, (text, own) in enumerate(zip(TEXTS, tasks, strict=False), 1):
        skipped = sum(one["was_cancelled"] for one in own)
        counts = {"total_annotations": len(own) - skipped, "cancelled_annotations": skipped}
        times = {"created_at": own[0]["created_at"], "updated_at": own[0]["updated_at"]} if own else {}
        rows.append(
            {"id": number, "project": 7, "data": {"text": text}, "annotations": own, "drafts": []} | counts | times
        )
    file.write_text(json.dumps(rows), encoding="utf-8")
    return file


def run(workspace: Workspace, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, ["--workspace", str(workspace.root), *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


ONE, OTHER = TEXTS


def test_one_annotator_alone_is_told_that_nobody_can_be_compared(tmp_path):
    desk = desk_at(tmp_path, "small")
    import_export(desk, exported(tmp_path, [made(1, 1, ONE, ("Noor", "PERSON"))]), progress=quiet)
    done = run(desk, "agree")
    assert done.exit_code == 0
    assert "1 agreed spans" in done.stdout
    assert "span_f1_exact: not defined, no document was read by two people" in done.stdout
    assert desk.agreed.read("agreed_spans")["decided"].to_pylist() == ["single"]


def test_two_people_without_a_document_in_common_are_told_so(tmp_path):
    desk = desk_at(tmp_path, "small")
    file = exported(tmp_path, [made(1, 1, ONE, ("Noor", "PERSON"))], [made(2, 2, OTHER, ("Hit", "PLACE"))])
    import_export(desk, file, progress=quiet)
    said = run(desk, "agree").stdout
    assert "gamma: not defined, no document was read by two people (n = 0 in 0 documents)" in said
    assert "nan" not in said.lower()


def test_a_label_that_the_schema_lacks_is_rejected_by_name_and_the_rest_is_decided(tmp_path):
    desk = desk_at(tmp_path, "small")
    own = [made(number, number, ONE, ("Noor", "PERSON"), ("Aleppo", "CITY")) for number in (1, 2)]
    import_export(desk, exported(tmp_path, own), progress=quiet)
    said = run(desk, "agree").stdout
    assert "1 agreed spans" in said
    assert "unknown label 'CITY'; the schema lists: PERSON, PLACE" in said
    assert desk.agreed.read("agreed_spans")["surface"].to_pylist() == ["Noor"]
    assert desk.labels.read("rejected")["reason"].to_pylist() == ["unknown-label"] * 2


def test_who_skipped_everything_is_no_reader_and_changes_nothing(tmp_path):
    read = [made(1, 1, ONE, ("Noor", "PERSON")), made(2, 2, ONE, ("Noor", "PERSON"))]
    tables = []
    for name, own in (("with", [*read, made(3, 3, ONE, was_cancelled=True)]), ("without", read)):
        (tmp_path / name).mkdir()
        desk = desk_at(tmp_path / name, "small")
        import_export(desk, exported(tmp_path, own), progress=quiet)
        assert run(desk, "agree").exit_code == 0
        tables.append([desk.agreed.read(table).to_pylist() for table in ("agreed_spans", "disputes", "agreement")])
    assert tables[0] == tables[1]


def test_where_all_of_them_skipped_there_is_nothing_and_it_is_said(tmp_path):
    desk = desk_at(tmp_path, "small")
    import_export(desk, exported(tmp_path, [made(1, 1, ONE, was_cancelled=True)]), progress=quiet)
    said = run(desk, "agree").stdout
    assert "0 agreed spans" in said
    assert "no document was read by two people" in said


def test_one_category_alone_is_undefined_and_no_perfect_agreement(tmp_path):
    desk = desk_at(tmp_path, "small")
    tone = {"id": "t", "from_name": "tone", "to_name": "text", "type": "choices", "value": {"choices": ["calm"]}}
    own = [[made(10 * doc + by, by, text, result=[tone]) for by in (1, 2)] for doc, text in enumerate(TEXTS)]
    import_export(desk, exported(tmp_path, *own), progress=quiet)
    said = run(desk, "agree").stdout
    assert "category_alpha tone: not defined, " in said
    assert "category_percent tone: 1.000" in said
    assert "2 categories" in said


def test_gold_that_is_kept_holds_against_whoever_reads_it_later_and_as_it_is_on_whole_words(tmp_path):
    desk = desk_at(tmp_path, "small")
    alike = [made(number, number, ONE, ("Noo", "PERSON"), ("Aleppo", "PLACE")) for number in (1, 2, 3)]
    import_export(desk, exported(tmp_path, alike), progress=quiet)
    assert "1" in run(desk, "quality", "gold", "add").stdout
    run(desk, "agree")
    before = desk.agreed.read("agreed_spans").to_pylist()
    assert [(row["surface"], row["decided"], row["method"]) for row in before] == [
        ("Noor", "unanimous", "gold"),
        ("Aleppo", "unanimous", "gold"),
    ]
    assert desk.agreed.read("snapped").num_rows == 3
    later = [
        made(10 + number, 4 + number, ONE, ("Noor", "PLACE"), updated_at="2026-01-03T12:00:00.000000Z")
        for number in range(4)
    ]
    import_export(desk, exported(tmp_path, [*alike, *later]), progress=quiet)
    with pytest.raises(UnknownError, match="the agreed labels are missing or out of date"):
        run(desk, "validate")
    run(desk, "agree")
    after = desk.agreed.read("agreed_spans").to_pylist()
    assert [(row["surface"], row["label"], row["votes"], row["readers"]) for row in after] == [
        ("Noor", "PERSON", 3, 7),
        ("Aleppo", "PLACE", 3, 7),
    ]
    assert {row["decided"] for row in after} == {"gold"}
    assert desk.agreed.read("disputes").num_rows == 0
    shutil.copytree(Path(__file__).parents[2] / "validation", desk.suites)
    assert run(desk, "validate").exit_code == 0


@pytest.fixture(scope="module", params=["LEOKA_team_6.json", "LEOKA_team_8.json"])
def team(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[Any]]:
    file = LEOKA / request.param
    if not file.exists():
        pytest.skip(
            "../shared/data/leoka-label-studio is not beside the checkout: other people's data, which is not ours to copy into the project"
        )
    desk = desk_at(tmp_path_factory.mktemp("team"), "leoka")
    import_export(desk, file, progress=quiet)
    run(desk, "agree")
    return desk, json.loads(file.read_text(encoding="utf-8"))


def test_every_figure_of_a_real_team_is_a_number_on_something_or_says_why_not(team):
    rows = team[0].agreed.read("agreement").to_pylist()
    for row in rows:
        known = [row[name] for name in ("value", "low", "high") if row[name] is not None]
        assert all(map(math.isfinite, known)), row
        assert row["n"] > 0 if row["value"] is not None else row["note"] and not known, row
    at = Counter((row["measure"], row["scope"], row["annotators"] != "all") for row in rows)
    for measure in ("span_f1_exact", "span_f1_overlap", "gamma", "gamma_cat", "category_f1"):
        assert at[measure, "all", True] >= 3, measure
        assert at[measure, "week", False] > 0, measure
        assert at[measure, "document", False] > 100, measure
    pooled = [row for row in rows if row["scope"] == row["annotators"] == "all" and row["measure"] == "span_f1_exact"]
    assert all(row["low"] <= row["value"] <= row["high"] for row in pooled if row["low"] is not None)


def test_every_label_of_a_real_team_is_agreed_disputed_or_set_aside_and_the_raw_file_says_as_many(team):
    desk, tasks = team
    made = [(task["data"]["text"], one) for task in tasks for one in task["annotations"] if not one["was_cancelled"]]
    made.sort(key=lambda pair: (pair[1]["updated_at"], pair[1]["id"]))
    latest = {(one["completed_by"]["id"], text): one for text, one in made}
    assert desk.labels.read("reads").num_rows == len(latest)
    said = {
        (*place, "/".join(path))
        for place, one in latest.items()
        for item in one["result"]
        if item["type"] == "taxonomy"
        for path in item["value"]["taxonomy"]
    }
    agreed = desk.agreed.read("agreed_categories").to_pylist()
    disputed = [row for row in desk.agreed.read("disputes").to_pylist() if row["kind"] == "category"]
    assert desk.labels.read("categories").num_rows == len(said)
    assert disputed
    assert sum(row["votes"] for row in agreed) <= len(said)
    assert {row["method"] for row in agreed} == {"vote", "class_ds"}


def test_what_label_studio_calls_the_truth_counts_as_a_vote_until_the_settings_say_otherwise(team, tmp_path):
    assert "marked as ground truth in Label Studio; it counts as any other" in run(team[0], "agree").stdout
    desk = desk_at(tmp_path, "leoka", "ground_truth = true")
    file = tmp_path / "export.json"
    file.write_text(json.dumps(team[1]), encoding="utf-8")
    import_export(desk, file, progress=quiet)
    run(desk, "agree")
    by_gold = Counter(desk.agreed.read("agreed_spans")["method"].to_pylist())["gold"]
    assert by_gold > 0.9 * desk.agreed.read("agreed_spans").num_rows  # of a text that is there twice two are marked

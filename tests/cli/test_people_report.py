"""The account of real people, gold and the gate, as the commands give them in a workspace."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from copydesk.cli import cli
from copydesk.errors import ConfigError, QualityError, UnknownError, UsageError
from copydesk.flow.exported import import_export
from copydesk.workspace import Workspace

CASES = Path(__file__).parents[1] / "cases" / "exports"
LEOKA = Path(__file__).parents[3] / "shared" / "data" / "leoka-label-studio"


def quiet(*_: object) -> None:
    pass


def workspace_at(folder: Path, schema: str) -> Workspace:
    shutil.copytree(CASES / schema, folder / "schemas" / schema)
    settings = f'name = "desk"\nschema = "{schema}"\n[engine]\nname = "inline"\n'
    (folder / "copydesk.toml").write_text(settings, encoding="utf-8")
    return Workspace.open(folder)


def run(workspace: Workspace, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, ["--workspace", str(workspace.root), *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture(scope="module", params=["LEOKA_team_6.json", "LEOKA_team_8.json"])
def file(request: pytest.FixtureRequest) -> Path:
    file: Path = LEOKA / request.param
    if not file.exists():
        pytest.skip(
            "../shared/data/leoka-label-studio is not beside the checkout: other people's data, which is not ours to copy into the project"
        )
    return file


@pytest.fixture(scope="module")
def team(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = workspace_at(tmp_path_factory.mktemp("team"), "leoka")
    import_export(workspace, file, progress=quiet)
    return workspace


def latest_of(tasks: list[dict[str, Any]]) -> dict[tuple[int, str], dict[str, Any]]:
    """What counts of a raw export: the last annotation of each person and text that was not skipped."""
    made = [
        ((one["completed_by"]["id"], task["data"]["text"]), one)
        for task in tasks
        for one in task["annotations"]
        if not one["was_cancelled"]
    ]
    return dict(sorted(made, key=lambda pair: (pair[1]["updated_at"], pair[1]["id"])))


def test_counts_of_a_real_team_are_those_of_the_raw_file(team: Workspace, file: Path) -> None:
    tasks = json.loads(file.read_text(encoding="utf-8"))
    latest = latest_of(tasks)
    facts = json.loads(run(team, "people", "report", "--json").stdout)["facts"]
    told = {row["annotator"]: row["value"] for row in facts if row["measure"] == "documents"}
    assert sorted(told.values()) == sorted(Counter(person for person, _ in latest).values())
    drawn = {
        (person, text, region["value"]["start"], region["value"]["end"], label)
        for (person, text), one in latest.items()
        for region in one["result"]
        if region["type"] == "labels"
        for label in region["value"]["labels"]
    }
    by_person = Counter(person for person, *_ in drawn)
    assert sorted(row["value"] for row in facts if row["measure"] == "spans") == sorted(by_person.values())
    skipped = {
        (one["completed_by"]["id"], task["data"]["text"])
        for task in tasks
        for one in task["annotations"]
        if one["was_cancelled"]
    }
    counted = [round(row["value"] * row["n"]) for row in facts if row["measure"] == "skipped"]
    assert sum(counted) == len(skipped - set(latest))
    lead = {row["annotator"]: row["n"] for row in facts if row["measure"] == "lead_time_median"}
    assert lead == told


def test_every_measure_of_a_real_team_is_a_number_or_says_why(team: Workspace) -> None:
    facts = json.loads(run(team, "people", "report", "--json").stdout)["facts"]
    people = {row["annotator"] for row in facts}
    for measure in ("f1_others", "f1_agreed", "f1_gold", "drift", "early_start", "fused", "read_too_fast", "f1_self"):
        assert {row["annotator"] for row in facts if row["measure"] == measure} == people, measure
    assert all(row["value"] is not None or row["note"] for row in facts)
    assert all(0 <= row["value"] <= 1 for row in facts if row["measure"].startswith("f1_") and row["value"] is not None)


def test_the_account_is_read_by_people_under_pseudonyms(team: Workspace) -> None:
    said = run(team, "people", "report").stdout
    for name in ("A1", "A2", "A3"):
        assert f"  {name}: " in said
    for kind in (
        "pace",
        "F1 against others",
        "F1 against gold",
        "weakest labels",
        "boundaries",
        "drift",
        "suggestions",
    ):
        assert f"{kind}: " in said
    assert "nan" not in said
    assert "the workspace knows no name" in run(team, "people", "report", "--names").stdout


def test_the_gate_without_gold_says_where_gold_comes_from(team: Workspace) -> None:
    done = run(team, "quality", "gate")
    assert done.exit_code == 0
    assert "copydesk quality gold add" in done.stdout
    assert "undecided, has read no gold" in done.stdout


TEXTS = [f"Noor {number} lives in Aleppo, and Asad in Qaim." for number in range(12)]
MARKS = {"Noor": "PERSON", "Aleppo": "PLACE", "Asad": "PERSON", "Qaim": "PLACE"}


def annotation(number: int, person: int, task: int, quotes: str, **also: Any) -> dict[str, Any]:
    """One person's annotation of a task: a mark on each of the words ``quotes``."""
    text = TEXTS[task]
    result = [
        {
            "id": quote,
            "from_name": "entity",
            "to_name": "text",
            "type": "labels",
            "value": {"start": text.index(quote), "end": text.index(quote) + len(quote), "labels": [MARKS[quote]]},
        }
        for quote in quotes.split()
    ]
    when = f"2026-01-01T12:{number % 60:02d}:00.000000Z"
    plain = {"id": number, "completed_by": {"id": person, "email": f"p{person}@desk.example"}, "result": result}
    plain |= {"was_cancelled": False, "ground_truth": False, "lead_time": 60.0}
    return {**plain, "created_at": when, "updated_at": when, **also}


def taken(workspace: Workspace, tasks: dict[int, list[dict[str, Any]]]) -> None:
    rows = [
        {
            "id": number + 1,
            "project": 7,
            "data": {"text": TEXTS[number]},
            "annotations": made,
            "drafts": [],
            "total_annotations": sum(not one["was_cancelled"] for one in made),
            "cancelled_annotations": sum(one["was_cancelled"] for one in made),
            "created_at": "2026-01-01T00:00:00.000000Z",
            "updated_at": max((one["updated_at"] for one in made), default="2026-01-01T00:00:00.000000Z"),
        }
        for number, made in tasks.items()
    ]
    file = workspace.root / "export.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    import_export(workspace, file, progress=quiet)


@pytest.fixture
def desk(tmp_path: Path) -> Workspace:
    return workspace_at(tmp_path, "small")


ALL = "Noor Aleppo Asad Qaim"


def three_alike(tasks: range) -> dict[int, list[dict[str, Any]]]:
    return {task: [annotation(10 * task + person, person, task, ALL) for person in (1, 2, 3)] for task in tasks}


def test_gold_grows_is_held_against_those_who_come_later_and_retires(desk: Workspace) -> None:
    tasks = three_alike(range(10)) | {10: [annotation(101, 1, 10, "Noor"), annotation(102, 2, 10, "Asad")]}
    taken(desk, tasks)
    assert json.loads(run(desk, "quality", "gold", "add", "--json").stdout)["counts"]["unanimous"] == 10
    assert json.loads(run(desk, "quality", "gold", "add", "--json").stdout)["counts"] == {
        "added": 0,
        "there already": 10,
    }
    assert run(desk, "quality", "gate").exit_code == 0  # who made it is not measured by it
    later = {"created_at": "2099-01-01T00:00:00.000000Z", "updated_at": "2099-01-01T00:00:00.000000Z"}
    for task in range(10):
        tasks[task] += [
            annotation(200 + task, 4, task, ALL, **later),
            annotation(300 + task, 5, task, "Noor Asad", **later),
        ]
    taken(desk, tasks)
    done = run(desk, "quality", "gate", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == QualityError.exit_code == 1
    assert told["error"] == "quality"
    assert "copydesk people report" in told["fix"]
    verdicts = {row["annotator"]: (row["verdict"], row["documents"], row["f1"]) for row in told["standings"]}
    # The fifth finds two of four: F1 is 2 * 20 / 60.
    assert verdicts == {f"A{n}": ("undecided", 0, None) for n in (1, 2, 3)} | {
        "A4": ("passed", 10, 1.0),
        "A5": ("failed", 10, 2 * 20 / 60),
    }
    assert run(desk, "quality", "gate", "--min-f1", "0.4").exit_code == 0
    listed = json.loads(run(desk, "quality", "gold", "list", "--json").stdout)["gold"]
    assert {(row["spans"], row["exposures"], row["origin"]) for row in listed} == {(4, 2, "unanimous")}
    retired = json.loads(run(desk, "quality", "gold", "retire", "--exposures", "3", "--json").stdout)
    assert retired["counts"] == {"retired": 0, "left": 10}
    retired = json.loads(run(desk, "quality", "gold", "retire", "--exposures", "2", "--json").stdout)
    assert retired["counts"] == {"retired": 10, "left": 0}
    # Those annotations are of the year 2099, and so later than the retirement.
    assert run(desk, "quality", "gate").exit_code == 0


def test_gold_that_is_named_must_be_read_and_undisputed(desk: Workspace) -> None:
    taken(desk, {0: [annotation(1, 1, 0, "Noor"), annotation(2, 2, 0, "Asad")], 1: [annotation(3, 1, 1, ALL)]})
    with pytest.raises(UnknownError, match="nobody has read it"):
        run(desk, "quality", "gold", "add", "no-such-document")
    reads = {row["spans"]: row["doc_id"] for row in desk.labels.read("reads").to_pylist()}
    with pytest.raises(UsageError, match="in dispute"):
        run(desk, "quality", "gold", "add", reads[1])
    told = json.loads(run(desk, "quality", "gold", "add", reads[4], "--json").stdout)
    assert told["counts"] == {"added": 1, "there already": 0, "given": 1}
    with pytest.raises(UnknownError, match="not gold"):
        run(desk, "quality", "gold", "retire", reads[1])
    with pytest.raises(UsageError, match="nothing is named"):
        run(desk, "quality", "gold", "retire")


def test_what_label_studio_calls_ground_truth_is_in_the_report_and_not_in_the_gate(desk: Workspace) -> None:
    twice = [annotation(person, person, 1, ALL, ground_truth=True) for person in (1, 2)]
    taken(desk, {0: [annotation(3, 1, 0, ALL, ground_truth=True), annotation(4, 2, 0, "Noor Asad")], 1: twice})
    facts = json.loads(run(desk, "people", "report", "--json").stdout)["facts"]
    gold = {row["annotator"]: row["value"] for row in facts if (row["measure"], row["label"]) == ("f1_gold", "all")}
    assert gold == {"A1": None, "A2": 2 * 2 / 6}  # of the second text both say that theirs is the truth
    assert json.loads(run(desk, "quality", "gate", "--json").stdout)["counts"]["gold"] == 0


def test_what_somebody_did_before_they_did_it_again_is_their_agreement_with_themselves(desk: Workspace) -> None:
    again = [annotation(1, 1, 0, "Noor"), annotation(2, 1, 0, "Noor Asad"), annotation(3, 1, 0, "Noor Asad Qaim")]
    taken(desk, {0: again})
    facts = json.loads(run(desk, "people", "report", "--json").stdout)["facts"]
    (own,) = [row for row in facts if row["measure"] == "f1_self"]
    # one of one and two, then two of two and three
    assert (own["value"], own["n"]) == (2 * 3 / 8, 8)


def test_a_word_cut_short_is_no_disagreement_and_is_told_of_who_cut_it(desk: Workspace) -> None:
    cut = annotation(2, 2, 0, ALL)
    cut["result"][0]["value"]["end"] -= 1
    taken(desk, {0: [annotation(1, 1, 0, ALL), cut]})
    facts = json.loads(run(desk, "people", "report", "--json").stdout)["facts"]
    told = {(row["annotator"], row["measure"]): row["value"] for row in facts if row["label"] == "all"}
    assert [told[name, "f1_others"] for name in ("A1", "A2")] == [1.0, 1.0]
    assert [told[name, "cut_words"] for name in ("A1", "A2")] == [0.0, 0.25]
    assert "25 % cut a word" in run(desk, "people", "report").stdout


def test_who_skipped_all_and_who_is_alone_are_told_so(desk: Workspace) -> None:
    skips = [annotation(10 + task, 2, task, "", was_cancelled=True) for task in range(3)]
    taken(desk, {0: [annotation(1, 1, 0, "Noor"), skips[0]], 1: [skips[1]], 2: [skips[2]]})
    said = run(desk, "people", "report").stdout
    assert "A2: skipped all of 3 tasks: there is nothing to measure" in said
    assert "F1 against others: not defined, nobody else read what they read" in said


def test_nobody_is_measured_before_anybody_did_anything(desk: Workspace) -> None:
    with pytest.raises(UsageError, match="nobody has annotated anything yet"):
        run(desk, "people", "report")


def test_names_are_told_only_where_they_are_asked_for(desk: Workspace) -> None:
    taken(desk, {0: [annotation(1, 1, 0, "Noor")]})
    known = json.loads(desk.people_file.read_text(encoding="utf-8"))
    (other,) = known["others"]
    person = {"name": "anna", "email": "anna@copydesk.invalid", "password": "x", "token": "", "user_id": 1}
    known |= {"people": [{**person, "pseudonym": other["pseudonym"], "disabled": False}], "others": []}
    desk.people_file.write_text(json.dumps(known), encoding="utf-8")
    assert "anna" not in run(desk, "people", "report").stdout
    assert "  anna: 1 documents" in run(desk, "people", "report", "--names").stdout
    assert "anna: undecided" in run(desk, "quality", "gate", "--names").stdout
    assert set(desk.annotators_known.read("annotators")["annotator"].to_pylist()) == {"A1"}


def test_suspects_are_ranked_for_people_and_programs_and_a_models_table_is_taken(desk: Workspace) -> None:
    alike = three_alike(range(6))
    alike[5] = [annotation(900 + person, person, 5, "Noor Aleppo Asad") for person in (1, 2, 3)]  # no Qaim
    taken(desk, alike)
    told = json.loads(run(desk, "labels", "suspects", "--json").stdout)
    assert told["counts"] == {"suspects": 1, "surface-unlabelled": 1}
    (row,) = told["suspects"]
    assert (row["surface"], row["label"], row["score"]) == ("Qaim", None, 0.75)  # five of six, each counted one higher
    assert "0.75 nothing 'Qaim' in " in run(desk, "labels", "suspects").stdout
    span = next(one for one in desk.agreed.read("agreed_spans").to_pylist() if one["surface"] == "Noor")
    rows = [
        {"doc_id": one["doc_id"], "start": one["start"], "end": one["end"], "PERSON": person, "PLACE": 1 - person}
        for one in desk.agreed.read("agreed_spans").to_pylist()
        for person in [(0.1 if one == span else 0.9) if one["label"] == "PERSON" else 0.2]
    ]
    file = desk.root / "model.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    told = json.loads(run(desk, "labels", "suspects", "--probabilities", str(file), "--json").stdout)
    assert told["counts"] == {"suspects": 2, "model": 1, "surface-unlabelled": 1}
    assert (told["suspects"][0]["span_id"], told["suspects"][0]["score"]) == (span["span_id"], 0.9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("doc_id,start,PERSON\nd,0,1\n", "has no column end"),
        ("doc_id,start,end\nd,0,1\n", "something else than probabilities"),
        ("doc_id,start,end,PERSON\nd,0,4,1.5\n", "something else than probabilities"),
        ("doc_id,start,end,PERSON\nd,0,4,\n", "something else than probabilities"),
        ("doc_id,start,end,PERSON\nd,0,4,much\n", "something else than places and probabilities"),
        ("doc_id,start,end,PERSON\nd,0\n", "cannot be read"),
    ],
)
def test_a_models_table_that_is_none_is_refused_with_its_name(desk: Workspace, text: str, said: str) -> None:
    file = desk.root / "model.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as error:
        run(desk, "labels", "suspects", "--probabilities", str(file))
    assert "model.csv" in str(error.value)

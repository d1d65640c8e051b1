"""Gates of validation on the command line, and what is found of people's labels: it goes back to who made them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from copydesk.cli import cli
from copydesk.errors import ConfigError, NotEvaluatedError
from copydesk.model.schema import GROUP
from copydesk.studio.codec import region_id
from copydesk.studio.interface import NOTE, TEXT


def house_suite() -> dict[str, Any]:
    """A suite of the user's own that asks of relations and categories what the schema allows."""
    rows = [
        {
            "type": "expect_column_values_to_not_be_in_set",
            "kwargs": {"column": column, "value_set": [value]},
            "severity": "critical",
            "meta": {"code": code, "table": table, "say": f"{what}: {{rows}} of {{of}} ({{examples}})."},
        }
        for code, table, column, value, what in (
            ("H01", "relations", "label", "part_of", "We use no part_of"),
            ("H02", "categories", "value", "opinion", "We print no opinion"),
        )
    ]
    meta = {"gate": "labels", "may_be_empty": ["relations", "categories"]}
    return {"name": "house", "meta": meta, "expectations": rows}


def mark(text: str, start: int, words: str, label: str) -> dict[str, Any]:
    value = {"start": start, "end": start + len(words), "text": words, "labels": [label]}
    place = {"from_name": GROUP, "to_name": TEXT, "type": "labels"}
    return {"id": region_id(start, start + len(words), label), **place, "value": value}


def test_what_is_found_of_labels_relations_and_categories_goes_back_once_with_the_reason(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk("house", people=("anna", "ben"))
    settings = desk.folder / "copydesk.toml"
    said = settings.read_text().replace("annotators_per_task = 2", "annotators_per_task = 1")
    settings.write_text(said.replace("gates = []", 'gates = ["labels"]'))
    (desk.folder / "validation" / "house.json").write_text(json.dumps(house_suite()))
    project = desk.run("push")["project"]
    tasks = desk.labelled(project)
    text = tasks["ferry"]["data"][TEXT]
    ends = [mark(text, text.index(words), words, "GPE") for words in ("Tarnmouth", "Qaim")]
    joined = {"type": "relation", "from_id": ends[0]["id"], "to_id": ends[1]["id"], "direction": "right"}
    desk.submit(tasks["ferry"], "anna", [*ends, {**joined, "labels": ["part_of"]}])
    desk.submit(tasks["quiet"], "anna", [])
    text = tasks["bridge"]["data"][TEXT]
    letters = [mark(text, at, text[at], "DATE") for at in range(1, len(text)) if text[at - 1 : at + 2].isalpha()]
    assert len(letters) > 20  # which a finding's row_ids end at
    choice = {"id": "c", "from_name": "article_type", "to_name": TEXT, "type": "choices"}
    desk.submit(tasks["bridge"], "ben", [*letters, {**choice, "value": {"choices": ["opinion"]}}])
    assert desk.run("pull")["counts"]["errors"] == 2

    asked = ("validate", "--gate", "labels", "--no-docs", "--send-back")
    done = desk.run(*asked)
    assert (done["counts"]["errors"], done["counts"]["sent back"], done["error"]) == (2, 2, "findings")
    leads = {
        row["expectation"][:3]: [(at["article"], at["links"]) for at in row["leads_to"]] for row in done["findings"]
    }
    assert leads["H01"] == [("ferry.txt", [f"{project}?task={tasks['ferry']['id']}"])]
    assert leads["S20"] == [("bridge.txt", [f"{project}?task={tasks['bridge']['id']}"])] * 20
    told = {row["task_id"]: row["remark"] for row in done["returned"]}
    assert told[tasks["ferry"]["id"]] == "We use no part_of: \u201cTarnmouth part_of Qaim\u201d"
    assert told[tasks["bridge"]["id"]].endswith("We print no opinion: \u201copinion\u201d")
    (returned,) = [
        row
        for row in desk.workspace.decisions.read("returns").to_pylist()
        if row["step"] == "done" and len(row["causes"]) > 1
    ]
    assert len(returned["causes"]) == len(letters) + 1

    served = desk.served(project, "anna")
    assert served["data"][NOTE].endswith(told[tasks["ferry"]["id"]])
    (suggested,) = served["predictions"]
    assert [one.get("labels", one.get("value", {}).get("labels")) for one in suggested["result"]] == [
        ["GPE"],
        ["GPE"],
        ["part_of"],
    ]
    (suggested,) = desk.served(project, "ben")["predictions"]
    assert choice.items() <= suggested["result"][-1].items()
    assert desk.run(*asked)["counts"]["sent back"] == 0

    desk.submit(tasks["ferry"], "anna", ends)
    again = desk.run("pull") and desk.run(*asked)
    assert again["counts"] == {**again["counts"], "errors": 0, "sent back": 0, "answered": 1}


def never(gate: str, table: str) -> str:
    """A suite at this gate that every row of the table fails."""
    meta = {"code": "N01", "table": table, "say": "Never: {rows} of {of} ({examples})."}
    row = {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "doc_id", "regex": "^never$"}}
    rows = [{**row, "severity": "critical", "meta": meta}]
    return json.dumps({"name": "never", "meta": {"gate": gate}, "expectations": rows})


@pytest.mark.parametrize(
    ("gate", "table", "command"),
    [
        ("documents", "documents", ("ingest",)),
        ("labels", "spans", ("import-export", "export.json")),
        ("agreed", "agreed_spans", ("agree",)),
    ],
)
def test_a_gate_that_the_settings_name_is_judged_at_the_end_of_its_command(
    gate: str,
    table: str,
    command: tuple[str, ...],
    traced: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*more: str) -> Result:
        return CliRunner().invoke(cli, [*command, *more])

    monkeypatch.chdir(tmp_path)
    traced["lay_out"](tmp_path)
    traced["labelled"](tmp_path, traced["FIRST"], at="2026-01-01T12:00:00.000000Z")
    suite, settings = tmp_path / "validation" / "never.json", tmp_path / "copydesk.toml"
    said = settings.read_text()
    suite.write_text(never(gate, table))
    assert run().exit_code == 0

    settings.write_text(f'{said}[validation]\ngates = ["{gate}"]\n')
    done = run("--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["counts"]["errors"], told["error"]) == (1, 1, "findings")
    assert told["findings"][-1]["table"] == table
    suite.write_text(never(gate, table).replace("values_to_match_regex", "to_be_liked"))
    assert isinstance(run().exception, NotEvaluatedError)
    settings.write_text(f'{said}[validation]\ngates = ["{gate}s"]\n')
    assert isinstance(run().exception, ConfigError)

"""``copydesk why`` follows a label from its characters in the raw article to every version that holds it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from copydesk.errors import UnknownError, UsageError
from copydesk.flow.chain import edits_about, place_in_article
from copydesk.workspace import Workspace

Traced = dict[str, Any]


def steps(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    assert [step["step"] for step in told["steps"]] == [
        *("article", "edits", "document", "suggestion", "votes", "decision", "releases")
    ]
    assert all(step["lines"] for step in told["steps"])
    return {step["step"]: step["facts"] for step in told["steps"]}


def only_in_the_first(folder: Path) -> str:
    spans = pd.read_parquet(folder / "datasets" / "desk" / "1.0.0" / "spans")
    (found,) = spans[(spans["surface"] == "Karim") & (spans["label"] == "PERSON")]["span_id"]
    return str(found)


def test_a_label_leads_back_to_its_bytes_and_forth_to_its_versions(traced: Traced, published_twice: Path) -> None:
    told = traced["told"](published_twice, "why", traced["identity"](published_twice, "Aleppo", "PLACE"))
    chain = steps(told)
    raw = (published_twice / chain["article"]["source"]).read_bytes()
    assert len(raw) == chain["article"]["bytes"]
    (place,) = chain["edits"]["ends"]
    assert raw.decode()[place["start"] : place["end"]] == place["article"] == "Ale\u00adppo"
    assert [(one["rule"], one["removed"]) for one in place["within"]] == [("text.invisible", "\u00ad")]
    assert chain["document"]["revision"] == 1
    assert chain["suggestion"] == {"known": False}  # it was never sent
    anna, ben = chain["votes"]["votes"]
    assert (anna["says"], anna["lead_time"], anna["drawn"][0]["origin"]) == ("this", 1.5, "manual")
    assert [one["rule"] for one in anna["drawn"][0]["moved"]] == ["word-completed"]
    assert ben["drawn"][0]["moved"] == []
    assert chain["decision"]["decided"] == "unanimous"
    (desk,) = chain["releases"]["datasets"]
    assert (desk["first"], desk["last"], desk["changes"]) == ("1.0.0", "1.1.0", [])
    assert [one["yanked"] for one in desk["versions"]] == ["Karim is a town", None]


def test_of_a_relation_both_ends_are_followed(traced: Traced, published_twice: Path) -> None:
    (relation,) = Workspace.open(published_twice).agreed.read("agreed_relations")["relation_id"].to_pylist()
    for where in ((), ("--dataset", "desk", "--version", "1.0.0")):
        told = traced["told"](published_twice, "why", relation, *where)
        chain = steps(told)
        assert [end["surface"] for end in told["ends"]] == ["Noor", "Aleppo"]
        assert [place["article"] for place in chain["edits"]["ends"]] == ["Noor", "Ale\u00adppo"]
        assert [vote["says"] for vote in chain["votes"]["votes"]] == ["this", "this"]


def test_a_label_that_went_is_explained_from_the_version_that_has_it(traced: Traced, published_twice: Path) -> None:
    told = traced["told"](published_twice, "why", only_in_the_first(published_twice))
    assert told["found_in"] == "desk 1.0.0"
    chain = steps(told)
    assert [vote["says"] for vote in chain["votes"]["votes"]] == ["this", "this"]
    (change,) = chain["releases"]["datasets"][0]["changes"]
    assert (change["version"], change["kind"], change["cause"], change["new_label"]) == (
        *("1.1.0", "relabelled", "correction", "PLACE"),
    )


def test_the_files_of_a_version_alone_explain_its_labels(traced: Traced, published_twice: Path, tmp_path: Path) -> None:
    for name in ("copydesk.toml", "schemas", "datasets"):
        place = published_twice / name
        (shutil.copytree if place.is_dir() else shutil.copy)(place, tmp_path / name)
    with_logs, alone = (
        steps(traced["told"](folder, "why", only_in_the_first(published_twice)))
        for folder in (published_twice, tmp_path)
    )
    assert not alone["edits"]["known"]
    assert alone["article"]["raw_sha256"] == with_logs["article"]["raw_sha256"]
    for step in ("votes", "decision", "releases"):
        assert alone[step] == with_logs[step]


def test_who_drew_something_else_and_who_drew_nothing_is_told(traced: Traced, twice: Path) -> None:
    work = (*[[("Karim", "PLACE")]] * 3, [("Karim left", "PERSON")], [])
    traced["labelled"](twice, work, at="2026-01-05T12:00:00.000000Z")
    traced["told"](twice, "agree")
    found = traced["identity"](twice, "Karim", "PLACE")
    told = steps(traced["told"](twice, "why", found))
    assert [vote["says"] for vote in told["votes"]["votes"]] == [*["this"] * 3, "other", "nothing"]
    said = traced["run"](twice, "why", found).stdout
    assert "A4 drew PERSON 'Karim left' there" in said
    assert "A5 drew nothing there" in said


def test_what_is_unknown_is_said_in_one_sentence(traced: Traced, published_twice: Path) -> None:
    went = only_in_the_first(published_twice)
    for arguments, said in (
        (("span-0",), "there is no span or relation 'span-0' in the agreed labels or any published version"),
        ((went, "--dataset", "desk", "--version", "1.1.0"), f"there is no span or relation '{went}' in desk 1.1.0"),
        ((went, "--dataset", "desk", "--version", "7.0.0"), "no version '7.0.0' of desk; there are: 1.0.0, 1.1.0"),
        ((went, "--dataset", "nothing"), "no dataset 'nothing'"),
    ):
        error = traced["run"](published_twice, "why", *arguments).exception
        assert isinstance(error, UnknownError)
        assert str(error).startswith(said)
    assert isinstance(traced["run"](published_twice, "why", went, "--version", "1.0.0").exception, UsageError)


def test_what_is_adjudicated_tells_by_whom_and_why_and_a_suggestion_by_which_rule(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk("traced")
    tasks = desk.labelled(desk.run("push")["project"])
    for name, marks in (("anna", desk.anna["ferry"]), ("ben", desk.ben["ferry"])):
        desk.annotate(tasks["ferry"], name, [*marks, ("Friday", "DATE")])
    desk.run("pull")
    desk.run("agree")
    asked = desk.run("adjudicate")
    (task,) = [one for one in desk.tasks(asked["project"]) if "Tarnmouth" in one["data"]["opt_a"]]
    letter = next(one for one in "AB" if "GPE" in task["data"][f"opt_{one.lower()}"])
    desk.decide(task, letter, cause="guideline_gap", note="see 3.2")
    desk.run("adjudicate")
    desk.run("agree")
    rows = desk.workspace.agreed.read("agreed_spans").to_pylist()
    (town,) = [row["span_id"] for row in rows if row["surface"] == "Tarnmouth"]
    chain = steps(desk.run("why", town))
    (decision,) = chain["decision"]["adjudication"]
    assert (decision["chosen"], decision["cause"], decision["note"]) == (True, "guideline_gap", "see 3.2")
    assert decision["by"] == desk.person("judge").pseudonym
    assert sorted(vote["says"] for vote in chain["votes"]["votes"]) == ["other", "this"]
    (day,) = [row["span_id"] for row in rows if row["surface"] == "Friday"]
    (suggested,) = steps(desk.run("why", day))["suggestion"]["suggestions"]
    assert (suggested["same"], suggested["rule"].partition("/")[0]) == (True, "date")


@pytest.mark.parametrize(
    ("start", "end", "place", "before", "within"),
    [
        (0, 1, (0, 1), [], []),
        (1, 3, (3, 6), ["cut"], ["put"]),
        (0, 2, (0, 4), [], ["cut"]),
        (3, 4, (6, 7), ["cut", "put"], []),
    ],
)
def test_edits_are_told_apart_into_those_before_and_those_within(
    start: int, end: int, place: tuple[int, int], before: list[str], within: list[str]
) -> None:
    """The article ``abbcxyd`` became ``aczd``: ``bb`` was cut, ``xy`` became ``z``."""
    edits = [
        {"start": 1, "end": 3, "removed": "bb", "inserted": "", "rule": "cut"},
        {"start": 4, "end": 6, "removed": "xy", "inserted": "z", "rule": "put"},
    ]
    assert place_in_article(start, end, edits) == place
    found = edits_about(start, end, edits)
    assert [[edit["rule"] for edit in part] for part in found] == [before, within]

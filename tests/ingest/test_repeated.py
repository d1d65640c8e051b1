"""A line that opens or closes many articles of a source is residue in all of them, whichever engine works and whenever they came."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from copydesk.flow.current import current_documents, current_zones, every_zone, uncounted
from copydesk.flow.explain import explain
from copydesk.flow.ingest import ingest
from copydesk.flow.look import show
from copydesk.flow.report import Report
from copydesk.model.schema import LabelSchema
from copydesk.store import file_sha256
from copydesk.suggestions import Rules, Setup
from copydesk.tasks import build_tasks
from copydesk.workspace import Workspace

SETTINGS = 'name = "crawl"\nschema = "news-entities"\n[ingest]\npaths = ["crawl"]\n[engine]\n{engine}\n'
SCHEMA = Path(__file__).parents[2] / "schemas" / "news-entities" / "schema.toml"
CLOSER = "Stay with the Courier on your way home"
TOWNS = [
    "Ashby",
    "Berat",
    "Carrick",
    "Dravik",
    "Eastbrook",
    "Fairhaven",
    "Glenrock",
    "Halden",
    "Jarrow",
    "Kenton",
    "Luxton",
]
EVENTS = ["opened its gates", "lost a bridge", "chose a mayor", "closed the mine"]
AFTER = [
    "Nobody was hurt",
    "The mayor resigned",
    "It rained all day",
    "Schools stayed shut",
    "The army came",
    "Trains were late",
    "A court decides",
]


def story(number: int, *lines: str) -> str:
    town, event, after = TOWNS[number % 11], EVENTS[number % 4], AFTER[number % 7]
    paragraphs = (f"{town} {event}", f"The town of {town} {event} in May.", f"{after} in {town}, it {event} again.")
    return "\n\n".join([*paragraphs, *lines])


def row(number: int, *lines: str, publisher: str = "Courier", **more: str) -> dict[str, str]:
    url = f"https://{publisher.lower()}.example.org/{number}"
    return {"url": url, "publisher": publisher, "text": story(number, *lines), **more}


FEED = [*(row(number, CLOSER) for number in range(40)), *(row(number) for number in range(40, 44))]
OPENED = [{**row(number), "text": f"What the day brought\n\n{story(number)}"} for number in range(9)]


class Crawl:
    """A workspace whose articles are written and ingested."""

    def __init__(self, root: Path, engine: str = 'name = "inline"') -> None:
        self.root = root
        (root / "crawl").mkdir(parents=True)
        (root / "copydesk.toml").write_text(SETTINGS.format(engine=engine), encoding="utf-8")

    def ingest(self, name: str, rows: list[dict[str, str]]) -> Report:
        text = "".join(json.dumps(one) + "\n" for one in rows)
        (self.root / "crawl" / f"{name}.jsonl").write_text(text, encoding="utf-8")
        return ingest(self.workspace, (), progress=lambda *_: None)

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.root)

    def zones(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = current_zones(self.workspace, current_documents(self.workspace)).to_pylist()
        return rows

    def rules(self) -> Counter[str]:
        return Counter(zone["rule"] for zone in self.zones() if zone["kind"] == "boilerplate")

    def rezoned(self) -> dict[str, str]:
        files = [*self.workspace.rezoned.rglob("*.parquet"), *(self.workspace.state / "repeated").rglob("*.parquet")]
        return {path.relative_to(self.workspace.state).as_posix(): file_sha256(path) for path in files}


@pytest.fixture
def crawl(tmp_path: Path) -> Crawl:
    return Crawl(tmp_path / "w")


def test_a_line_that_closes_40_of_44_articles_of_a_feed_is_boilerplate_that_says_so(crawl: Crawl) -> None:
    report = crawl.ingest("a", FEED)
    assert crawl.rules() == {"boilerplate.repeated:40/44": 40}
    assert report.counts["with repeated lines"] == 40
    workspace = crawl.workspace
    texts = dict(zip(*(current_documents(workspace)[name].to_pylist() for name in ("doc_id", "text")), strict=True))
    claimed = [zone for zone in crawl.zones() if zone["kind"] == "boilerplate"]
    assert {texts[zone["doc_id"]][zone["start"] : zone["end"]] for zone in claimed} == {CLOSER}


def test_it_is_suggested_as_residue_and_nothing_else_is(crawl: Crawl) -> None:
    crawl.ingest("a", FEED)
    documents = current_documents(crawl.workspace)
    schema = LabelSchema.read(tomllib.loads(SCHEMA.read_text("utf-8")), place="schema.toml")
    zones = current_zones(crawl.workspace, documents)
    found = Rules(Setup(schema, Path())).suggest(build_tasks(documents), zones=zones).spans.to_pylist()
    assert [one["surface"] for one in found if one["label"] == "RESIDUE"] == [CLOSER] * 40


def test_a_few_articles_or_a_line_within_a_story_or_another_paper_s_habit_claim_nothing(crawl: Crawl) -> None:
    within = "\n\n".join(
        ["A heading", "One fell.", "Two fell.", CLOSER, "Four fell.", "Five fell.", "Six fell.", "Rest."]
    )
    herald = [row(number, CLOSER, publisher="Herald") for number in range(4)]
    report = crawl.ingest("a", [*FEED, {**row(90), "text": within}, *herald])
    assert crawl.rules() == {"boilerplate.repeated:40/45": 40}
    assert report.counts["with repeated lines"] == 40


def test_without_such_a_line_nothing_is_said_or_kept_of_it(crawl: Crawl) -> None:
    report = crawl.ingest("a", [row(number) for number in range(44)])
    assert "with repeated lines" not in report.counts
    assert list(crawl.workspace.rezoned.iterdir()) == []
    assert crawl.workspace.repeated.read("repeated").num_rows == 0


def test_articles_that_come_later_change_the_zones_of_those_that_were_there(crawl: Crawl) -> None:
    crawl.ingest("a", FEED[:4])
    assert crawl.rules() == {}
    before = [part.receipt for part in crawl.workspace.documents.parts()]
    crawl.ingest("b", FEED[4:])
    assert crawl.rules() == {"boilerplate.repeated:40/44": 40}
    parts = crawl.workspace.documents.parts()
    assert [part.receipt for part in parts[: len(before)]] == before
    assert not [rule for part in parts for rule in part.read("zones")["rule"].to_pylist() if "repeated" in rule]


def test_documents_are_built_again_only_where_they_have_other_lines_than_before(crawl: Crawl) -> None:
    crawl.ingest("a", FEED)
    made = {path.name: path.stat().st_mtime_ns for path in crawl.workspace.rezoned.iterdir()}
    crawl.ingest("b", [row(number) for number in range(44, 60)])
    assert crawl.rules() == {"boilerplate.repeated:40/60": 40}
    assert {path.name: path.stat().st_mtime_ns for path in crawl.workspace.rezoned.iterdir()} == made
    crawl.ingest("b", [row(number) for number in range(44, 120)])
    assert crawl.rules() == {}
    assert list(crawl.workspace.rezoned.iterdir()) == []


def test_nothing_new_and_nothing_is_done(crawl: Crawl) -> None:
    crawl.ingest("a", FEED)
    part = crawl.workspace.repeated.part()
    report = crawl.ingest("a", FEED)
    assert not report.changed
    assert report.counts["with repeated lines"] == 40
    again = crawl.workspace.repeated.part()
    assert part is not None
    assert again is not None
    assert again.path == part.path


def test_only_newest_revisions_count_and_older_ones_keep_the_zone_they_would_have(crawl: Crawl) -> None:
    crawl.ingest("a", FEED)
    crawl.ingest("a", [row(number, CLOSER, "It was corrected.") for number in range(6)] + FEED[6:39] + FEED[40:])
    assert crawl.rules() == {"boilerplate.repeated:40/44": 40}
    crawl.ingest("a", [row(number) for number in range(30)] + FEED[30:])
    assert crawl.rules() == {}
    crawl.ingest("a", [row(number) for number in range(6)] + FEED[6:])
    assert crawl.rules() == {"boilerplate.repeated:34/44": 34}
    every = every_zone(crawl.workspace).to_pylist()
    older = {(zone["doc_id"], zone["revision"]) for zone in every if zone["kind"] == "boilerplate"}
    assert len(older) > 34 + 6


def test_a_line_that_opens_articles_gives_their_titles_back_and_changes_no_text(crawl: Crawl) -> None:
    crawl.ingest("a", OPENED)
    documents = current_documents(crawl.workspace)
    logged = crawl.workspace.documents.read("documents").sort_by("doc_id")
    assert set(logged["title"].to_pylist()) == {"What the day brought"}
    assert sorted(documents["title"].to_pylist()) == sorted(story(number).split("\n")[0] for number in range(9))
    assert documents.drop_columns(["title"]).equals(logged.drop_columns(["title"]))
    one = documents.to_pylist()[0]
    assert (
        show(crawl.workspace, one["source"])["title"]
        == explain(crawl.workspace, one["doc_id"])["document"]["title"]
        == one["title"]
    )


def test_zones_stay_whole_in_order_and_numbered(crawl: Crawl) -> None:
    crawl.ingest("a", FEED)
    zones = every_zone(crawl.workspace)
    logged = crawl.workspace.documents.read("zones")
    assert zones.schema.equals(logged.schema)
    names = ["doc_id", "revision", "seq", "start", "end"]
    assert zones.select(names).equals(logged.select(names))  # these articles have no zone that a claim takes away
    assert set(uncounted(zones)["rule"].to_pylist()) - set(logged["rule"].to_pylist()) == {"boilerplate.repeated"}


def test_explain_and_show_name_the_rule(crawl: Crawl) -> None:
    crawl.ingest("a", FEED)
    name = FEED[0]["url"]
    program = [sys.executable, "-c", "from copydesk.cli import main; main()", "--workspace", str(crawl.root)]
    for command in (["show", name], ["ingest", "--explain", name]):
        done = subprocess.run([*program, *command], capture_output=True, text=True, check=True)
        assert "boilerplate" in done.stdout
        assert "repeated:40/44" in done.stdout
    said = subprocess.run([*program, "ingest", "--json"], capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["counts"]["with repeated lines"] == 40


def test_what_is_kept_is_the_same_whichever_engine_works(tmp_path: Path) -> None:
    found = []
    for name, engine in (("alone", 'name = "inline"'), ("many", "workers = 3")):
        crawl = Crawl(tmp_path / name, engine)
        crawl.ingest("a", FEED[:20])
        crawl.ingest("b", FEED[20:])
        found.append(crawl.rezoned())
    assert found[0] == found[1]
    assert len(found[0]) == 1 + 2 * 2


@pytest.mark.parametrize("size", [1, 7, 44])
def test_zones_are_the_same_however_the_articles_are_divided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    whole, divided = Crawl(tmp_path / "whole"), Crawl(tmp_path / "divided")
    whole.ingest("a", FEED)
    monkeypatch.setattr("copydesk.flow.shard.ARTICLES", size)
    monkeypatch.setattr("copydesk.flow.repeated.DOCUMENTS_A_SHARE", 3)
    divided.ingest("a", FEED[::-1])

    def keyed(zone: dict[str, Any]) -> tuple[str, int]:
        return zone["doc_id"], zone["seq"]

    assert sorted(divided.zones(), key=keyed) == sorted(whole.zones(), key=keyed)


def test_a_document_of_which_the_rules_make_another_text_keeps_its_zones(
    crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl.ingest("a", OPENED)
    assert crawl.rules() == {"boilerplate.repeated:9/9": 9}
    monkeypatch.setattr("copydesk.flow.repeated.STAGE", "repeated/other")
    monkeypatch.setattr("copydesk.flow.repeated.build_documents", _with_other_texts)
    crawl.ingest("a", OPENED)
    assert crawl.rules() == {"boilerplate.repeated:9/9": 8}


def _with_other_texts(*arguments: Any, **options: Any) -> Any:
    """Build documents, but the first one as other rules would."""
    from copydesk.documents import build_documents

    made = build_documents(*arguments, **options)
    documents = made.kept["documents"]
    digests = ["0" * 64, *documents["text_sha256"].to_pylist()[1:]]
    place = documents.schema.get_field_index("text_sha256")
    made.kept["documents"] = documents.set_column(place, documents.schema.field(place), [digests])
    return made

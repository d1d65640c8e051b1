"""Rules of the demo: one command from raw articles to a dataset, and once more is no more."""

from __future__ import annotations

import html
import json
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pandas as pd
import pytest

from copydesk.datasets.load import verify
from copydesk.store import read_secrets
from copydesk.workspace import Workspace

Shell = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def version(reference: Path) -> Path:
    return reference / "datasets" / "conflict-news" / "1.0.0"


def test_it_tells_what_every_stage_made_and_how_to_go_on(reference: Path) -> None:
    told = (reference / "first-run.txt").read_text(encoding="utf-8")
    for stage in (
        "ingest    12 files, 12 articles, 12 kept, 0 rejected, 12 new, 2 copies",
        "push      12 tasks, 12 pushed",
        "annotate  2 annotators, 24 submitted",
    ):
        assert stage in told
    for stage in ("pull ", "agree ", "validate ", "publish "):
        assert f"\n{stage}" in told
    for fact in (
        "span_f1_exact: 0.",
        "token_alpha: 0.",
        "version 1.0.0: datasets/conflict-news/1.0.0",
        "http://127.0.0.1:",
    ):
        assert fact in told
    assert 'pandas.read_parquet("datasets/conflict-news/1.0.0/train.parquet")' in told
    assert "credentials.json" in told


def test_the_one_line_loads_what_two_annotators_agreed_on(version: Path) -> None:
    articles = pd.concat(pd.read_parquet(file) for file in sorted(version.glob("*.parquet")))
    assert len(articles) == 12
    for row in articles.itertuples():
        assert row.spans.size
        for span in row.spans:
            assert row.text[span["start"] : span["end"]] == span["surface"]
    assert verify(version) == ()


def test_every_published_label_tells_where_it_came_from(version: Path) -> None:
    spans, votes = pd.read_parquet(version / "spans"), pd.read_parquet(version / "annotations")
    drawn = set(zip(votes["annotation_id"], votes["start"], votes["end"], votes["label"], strict=True))
    for span in spans.itertuples():
        assert span.votes == len(span.annotators) == len(span.annotation_ids)
        moved = {one["annotation_id"]: (one["made_start"], one["made_end"]) for one in span.boundary_changes}
        places = [(one, *moved.get(one, (span.start, span.end)), span.label) for one in span.annotation_ids]
        assert drawn.issuperset(places)
    sources = pd.read_parquet(version / "sources")
    assert set(spans["doc_id"]) <= set(sources["doc_id"])
    assert sources["raw_sha256"].str.fullmatch("[0-9a-f]{64}").all()


def test_no_name_and_no_address_of_an_annotator_is_published(reference: Path, version: Path) -> None:
    people = read_secrets(reference / ".copydesk" / "people.json")["people"]
    secrets = [person[key].encode() for person in people for key in ("email", "password", "token")]
    files = [path for path in version.rglob("*") if path.is_file()]
    assert len(secrets) == 6
    assert files
    for file in files:
        content = file.read_bytes()
        assert not [secret for secret in secrets if secret in content], file
    assert set(pd.read_parquet(version / "annotations")["annotator"]) == {person["pseudonym"] for person in people}


def test_it_stops_the_server_that_it_started(reference: Path, shell: Shell) -> None:
    for word in ("status", "open"):
        done = shell(f"copydesk studio {word}", cwd=reference)
        assert (done.returncode, "is not running" in done.stderr) == (3, True)


def test_what_was_marked_as_residue_becomes_rules(reference: Path, shell: Shell) -> None:
    assert "12 documents read, 0 suggested" in shell("copydesk rules suggest", cwd=reference).stdout
    done = shell("copydesk rules suggest --fewest 1", cwd=reference)
    head, _, rules = done.stdout.partition("\n")
    assert "12 documents read, 4 suggested" in head
    assert [len(rule["yes"]) for rule in tomllib.loads(rules)["boilerplate"]] == [1] * 4


def test_running_it_again_changes_and_doubles_nothing(reference: Path, shell: Shell) -> None:
    before = shell("copydesk status --json", cwd=reference).stdout
    done = shell("copydesk demo --json", cwd=reference)
    assert done.returncode == 0, done.stderr
    stages = {stage["stage"]: stage for stage in json.loads(done.stdout)["stages"]}
    assert [name for name, stage in stages.items() if stage["changed"] and stage["counts"]] == []
    assert stages["push"]["counts"]["there already"] == 12
    assert stages["annotate"]["counts"]["there already"] == 24
    assert shell("copydesk status --json", cwd=reference).stdout == before


def test_the_same_version_is_published_where_one_is_told_to(
    reference: Path, version: Path, tmp_path: Path, shell: Shell
) -> None:
    place = (tmp_path / "elsewhere").as_uri()
    done = shell(f"copydesk publish --schema news-entities --to {place}", cwd=reference)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "elsewhere/conflict-news/1.0.0/SHA256SUMS").read_bytes() == (version / "SHA256SUMS").read_bytes()
    assert shell(f"copydesk verify conflict-news --at {place}", cwd=tmp_path).returncode == 0
    refused = shell(f"copydesk publish --schema news-entities --single-writer --to {place}", cwd=reference)
    assert (refused.returncode, "is no store" in refused.stderr) == (2, True)


def test_a_document_is_shown_with_its_zones(reference: Path, shell: Shell) -> None:
    shown = json.loads(shell("copydesk show seeds/000_624767c5aad575bc.txt --json", cwd=reference).stdout)
    kinds = [zone["kind"] for zone in shown["zones"]]
    assert (kinds.count("subhead"), kinds.count("caption"), kinds.count("promo")) == (3, 2, 1)


@pytest.mark.parametrize("seed", ["000_624767c5aad575bc.txt", "001_market-reopens.html", "011_exile-council.html"])
def test_the_chain_of_each_label_ends_in_the_raw_article(reference: Path, shell: Shell, seed: str) -> None:
    shown = json.loads(shell(f"copydesk show seeds/{seed} --json", cwd=reference).stdout)
    raw = (reference / shown["source"]).read_bytes().decode("cp1252" if seed.startswith("011") else "utf-8")
    assert shown["labels"]
    for label in shown["labels"]:
        start, end = (int(word) for word in label["chain"][-1].rpartition("characters ")[2].split(" to "))
        behind = html.unescape(re.sub("<[^>]*>", "", raw[start:end]))
        assert behind.split() == label["surface"].split()
        assert len(label["chain"]) == 3 + label["votes"]


def test_disputes_count_as_failure_where_that_was_asked_for(reference: Path, shell: Shell) -> None:
    assert shell("copydesk agree", cwd=reference).returncode == 0
    done = shell("copydesk agree --strict", cwd=reference)
    assert (done.returncode, "disputes are open" in done.stderr) == (1, True)


def together(reference: Path, schema: str, table: str) -> list[dict[str, Any]]:
    """Rows of a table that agreed labels of a schema were put together to."""
    rows: list[dict[str, Any]] = Workspace.open(reference).under(schema).agreed.read(table).to_pylist()
    return rows


def test_events_claims_and_categories_are_published_as_they_were_put_together(reference: Path) -> None:
    for schema, tables in (
        ("conflict-events", ("events", "arguments")),
        ("attribution-claims", ("claims",)),
    ):
        version = reference / "datasets" / f"conflict-news-{schema}" / "1.0.0"
        assert verify(version) == ()
        for table in tables:
            published = pd.read_parquet(version / table)
            assert len(published) == len(together(reference, schema, table)) > 0
        said = pd.read_parquet(version / "categories")
        assert list(said["value"]) == [row["value"] for row in together(reference, schema, "agreed_categories")]
        assert set(said["doc_id"]) <= set(
            pd.read_parquet(reference / "datasets/conflict-news/1.0.0/documents")["doc_id"]
        )


def test_the_recapture_of_the_city_is_one_event_with_its_parties_place_and_time(reference: Path) -> None:
    events = together(reference, "conflict-events", "events")
    (recapture,) = [row for row in events if row["label"] == "TERRITORY"]
    assert len(recapture["trigger_span_ids"]) == 3
    assert {"name": "outcome", "value": "government_regains"} in recapture["attributes"]
    arguments = together(reference, "conflict-events", "arguments")
    told = {row["role"]: row["surface"] for row in arguments if row["event_id"] == recapture["event_id"]}
    assert told == {"agent": "Syrian army", "target": "ISIS", "place": "Deir el-Zour", "time": "Friday"}
    assert (recapture["time"], recapture["at"]) == ("2017-11-03", datetime(2017, 11, 3, tzinfo=UTC))


def test_friday_is_the_day_of_publication_and_says_what_it_rests_on(reference: Path, version: Path) -> None:
    published = pd.read_parquet(version / "times")
    fridays = published[(published["surface"] == "Friday") & (published["value"] == "2017-11-03")]
    assert len(fridays) == 3
    assert set(fridays["evidence"]) == {
        "said by the annotators, and rule weekday gives the same: reckoned from the day of publication, Friday 2017-11-03"
    }
    assert set(fridays["at"]) == set(fridays["published_at"]) == {pd.Timestamp("2017-11-03", tz="UTC")}
    assert not published["evidence"].str.contains("would give").any()


def test_the_parties_claims_have_their_sources_and_contradict_each_other(reference: Path) -> None:
    claims = {row["surface"]: row for row in together(reference, "attribution-claims", "claims")}
    attack = claims["repulsed an attempted attack by the Iraq army south of Qaim"]
    push = claims["now pushing into western neighbourhoods of Qaim"]
    assert (attack["sources"], push["sources"]) == (["ISIS news agency Aamaq"], ["joint command"])
    assert (attack["contradicts"], push["contradicts"]) == ([push["claim_id"]], [attack["claim_id"]])
    assert (attack["source_names"], push["source_names"]) == (["Aamaq"], ["Iraqi Joint Operations Command"])
    assert (attack["cues"], push["cues"]) == (["claimed"], ["said"])
    assert all(row["contents"][0].count(row["surface"]) == 1 for row in (attack, push))
    city = claims["liberated from ISIS the long-contested eastern city of Deir el-Zour"]
    assert (city["sources"], city["source_names"]) == (["Syrian army", "Syrian military"], ["Syrian Army"])
    assert (city["cues"], len(city["span_ids"])) == (["said", "said"], 2)


def test_one_document_is_shown_under_the_schema_that_is_asked_for(reference: Path, shell: Shell) -> None:
    seed = "seeds/000_624767c5aad575bc.txt"
    shown = shell(f"copydesk show {seed} --schema conflict-events", cwd=reference).stdout
    assert "\nevent TERRITORY  liberated  2017-11-03\n             agent: Syrian army\n" in shown
    assert "\ndoc_conflict: conflict_event_report\n             ← unanimous: 2 of 2 readers\n" in shown
    assert "\ntime Friday = 2017-11-03  (said by the annotators, and rule weekday" in shown
    claims = json.loads(shell(f"copydesk show {seed} --schema attribution-claims --json", cwd=reference).stdout)
    assert len(claims["together"]["claims"]) == len(together(reference, "attribution-claims", "claims"))
    counts = json.loads(shell("copydesk status --schema attribution-claims --json", cwd=reference).stdout)
    assert (counts["labels"]["reads"], counts["agreed"]["claims"]) == (2, len(claims["together"]["claims"]))
    done = shell("copydesk status --schema nothing", cwd=reference)
    assert (done.returncode, "schema 'nothing' is not one of this workspace's" in done.stderr) == (2, True)


def test_who_contradicts_whom_can_be_asked_of_the_published_claims(reference: Path) -> None:
    claims = pd.read_parquet(reference / "datasets" / "conflict-news-attribution-claims" / "1.0.0" / "claims")
    pairs = claims.explode("contradicts").merge(claims, left_on="contradicts", right_on="claim_id")
    sides = {(one[0], other[0]) for one, other in zip(pairs["source_names_x"], pairs["source_names_y"], strict=True)}
    assert sides == {("Aamaq", "Iraqi Joint Operations Command"), ("Iraqi Joint Operations Command", "Aamaq")}


@pytest.mark.parametrize("schema", ["news-entities", "conflict-events", "attribution-claims"])
def test_the_recorded_annotators_obey_their_schema_and_differ(reference: Path, schema: str) -> None:
    workspace = Workspace.open(reference).under(schema)
    assert workspace.labels.read("rejected").num_rows == 0
    disputes = set(workspace.agreed.read("disputes")["kind"].to_pylist())
    assert {"boundary", "existence", "relation"} <= disputes
    findings = workspace.findings.read("findings").to_pylist()
    assert {row["severity"] for row in findings} <= {"warning"}


@pytest.mark.parametrize(
    ("schema", "said"),
    [("conflict-events", "conflict_event_report"), ("attribution-claims", "security_defense")],
)
def test_what_the_annotators_say_of_the_whole_article_is_agreed(reference: Path, schema: str, said: str) -> None:
    (row,) = together(reference, schema, "agreed_categories")
    assert (row["value"], row["votes"], row["decided"]) == (said, 2, "unanimous")

"""croissant.json describes what is there; tests/datasets/readers has mlcroissant read it."""

import json

import pytest

from copydesk.datasets.croissant import field_of
from copydesk.datasets.layout import DECLARED, ORDER, TABLES, file_of, schema_of
from copydesk.store import file_sha256


@pytest.fixture
def described(first):
    return json.loads((first / "croissant.json").read_bytes())


def record_sets(described):
    return {one["@id"]: one for one in described["recordSet"]}


def test_it_names_the_dataset_and_its_version(described, newsroom):
    about = newsroom.ABOUT
    assert described["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert (described["name"], described["version"]) == (about.name, "1.0.0")
    assert (described["description"], described["license"]) == (about.description, about.licence)
    assert described["inLanguage"] == ["en"]
    assert described["isLiveDataset"] is False
    assert described.keys() & {"url", "datePublished"} == set()


def test_it_tells_the_time_that_the_publisher_states(home, newsroom, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    told = json.loads((newsroom.put_out(home).path / "croissant.json").read_bytes())
    assert told["datePublished"] == "2023-11-14T22:13:20+00:00"


def test_every_table_is_a_file_with_its_digest_and_a_record_set_with_its_key(described, first):
    files = {one["@id"]: one for one in described["distribution"]}
    assert files.keys() == {file_of(name) for name in TABLES}
    for name, told in files.items():
        assert told["contentUrl"] == name
        assert told["sha256"] == file_sha256(first / name)
        assert told["contentSize"] == f"{(first / name).stat().st_size} B"
    assert record_sets(described).keys() == {"splits", *(f"{name}/train" for name in TABLES)}
    for name, schema in TABLES.items():
        told = record_sets(described)[f"{name}/train"]
        assert [one["@id"] for one in told["field"]] == [f"{name}/train/{column}" for column in schema.names]
        assert all(one["description"].endswith(".") for one in told["field"])
        assert told["key"] == [{"@id": f"{name}/train/{column}"} for column in ORDER[name]]


def test_judgements_are_attributed_to_the_people_who_gave_them(described):
    for name, schema in TABLES.items():
        people = [column for column in ("annotator", "annotators") if column in schema.names]
        told = [one for one in record_sets(described)[f"{name}/train"]["annotation"] if "equivalentProperty" in one]
        assert [one["source"]["extract"]["column"] for one in told] == people
        assert all(one["equivalentProperty"] == "prov:wasAttributedTo" for one in told)


@pytest.mark.parametrize("table", [*TABLES, *DECLARED])
def test_every_column_of_a_table_has_a_type(table):
    for column in schema_of(table):
        told = field_of(column.name, column.type, {})
        assert told.get("dataType") or told["subField"], column


def test_the_manifest_and_the_sums_know_it(first):
    manifest = json.loads((first / "manifest.json").read_bytes())
    entry = {"path": "croissant.json", "sha256": file_sha256(first / "croissant.json")}
    assert any(entry.items() <= one.items() for one in manifest["files"])
    assert "  croissant.json\n" in (first / "SHA256SUMS").read_text()

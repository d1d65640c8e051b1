"""A version comes out the same when it is made again from what it records, and whatever is not what it was is found."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from copydesk.errors import DataError, StoreError, UnknownError
from copydesk.store import canonical_json, file_sha256, write_table

Traced = dict[str, Any]


def rebuilt(traced: Traced, folder: Path, version: str) -> dict[str, Any]:
    answer: dict[str, Any] = traced["told"](folder, "rebuild", "desk", version)
    return answer


def signed_again(version: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """Make the manifest and the sums of a version say what stands there, as who forges one does."""
    manifest = json.loads((version / "manifest.json").read_bytes())
    for entry in manifest["files"]:
        entry |= {"sha256": file_sha256(version / entry["path"]), "bytes": (version / entry["path"]).stat().st_size}
    change(manifest)
    replace(version / "manifest.json", canonical_json(manifest))
    names = sorted(["manifest.json", *(entry["path"] for entry in manifest["files"])])
    replace(version / "SHA256SUMS", "".join(f"{file_sha256(version / name)}  {name}\n" for name in names).encode())


def replace(file: Path, content: bytes) -> None:
    file.unlink()
    file.write_bytes(content)


def draw_pictures(folder: Path) -> None:
    settings = folder / "copydesk.toml"
    settings.write_text(settings.read_text().replace("pictures = false", "pictures = true"))


def test_the_first_version_comes_out_byte_for_byte_after_all_that_it_was_made_from_went_on(
    traced: Traced, twice: Path
) -> None:
    settings = twice / "copydesk.toml"
    settings.write_text(
        settings.read_text().replace('schema = "small"', 'schema = "small"\n[agree]\nmethod = "unanimous"')
    )
    schema = twice / "schemas" / "small" / "schema.toml"
    schema.write_text(schema.read_text().replace("A person.", "Somebody."))
    shutil.rmtree(twice / "validation")
    (twice / "datasets" / "desk" / "log" / "00000001.json").unlink()  # said after both versions
    before = {path: file_sha256(path) for path in twice.rglob("*") if path.is_file()}
    for version in ("1.0.0", "1.1.0"):
        done = rebuilt(traced, twice, version)
        assert (done["equal"], done["bytes_compared"], done["different"]) == (True, True, [])
        there = [path for path in (twice / "datasets" / "desk" / version).rglob("*") if path.is_file()]
        assert done["counts"]["files compared"] == len(there)
    assert {path: file_sha256(path) for path in twice.rglob("*") if path.is_file()} == before


def test_a_stated_time_gold_and_that_there_are_pictures_are_inputs_too(
    traced: Traced, twice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = traced["told"]
    draw_pictures(twice)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    alike = (traced["BEN"],) * 3
    traced["labelled"](twice, alike, at="2026-01-03T12:00:00.000000Z")
    assert told(twice, "quality", "gold", "add")["counts"]["added"] == 1
    traced["labelled"](twice, (*alike, [("Hit", "PERSON")]), at="2026-01-04T12:00:00.000000Z")
    told(twice, "agree")
    version = told(twice, "publish")["version"]
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    shutil.rmtree(twice / ".copydesk" / "gold")
    done = rebuilt(traced, twice, version)
    assert (done["equal"], done["bytes_compared"]) == (True, True)
    assert (twice / "datasets" / "desk" / version / "pictures" / "labels.svg").exists()
    manifest = json.loads((twice / "datasets" / "desk" / version / "manifest.json").read_bytes())
    assert manifest["created_at"].startswith("2023-11-14")
    spans = pq.read_table(twice / "datasets" / "desk" / version / "spans" / "train.parquet")
    assert "gold" in spans["method"].to_pylist()


def test_what_adjudicators_decided_on_a_real_server_is_an_input_and_what_came_later_is_none(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk("again")
    _, tasks = desk.read_by_two("ferry")
    asked = desk.run("adjudicate")
    (question,) = desk.tasks(asked["project"])
    desk.decide(question, "A", note="as in the guidelines")
    desk.run("adjudicate")
    assert ("ferry", "Tarnmouth", "adjudicated") in {(text, words, how) for text, words, _, how in desk.agreed()}
    desk.run("publish", "again")
    desk.annotate(tasks["quiet"], "anna", desk.anna["quiet"])
    desk.run("pull")
    desk.run("agree")
    done = desk.run("rebuild", "again", "1.0.0")
    assert (done["equal"], done["bytes_compared"]) == (True, True)


def test_a_version_without_what_was_retracted_is_made_again_from_the_one_before(traced: Traced, twice: Path) -> None:
    draw_pictures(twice)
    other = twice / "seeds" / "other.txt"
    other.write_text("Noor left.")
    traced["told"](twice, "ingest")
    traced["labelled"](twice, traced["SECOND"], at="2026-01-03T12:00:00.000000Z", also="Noor left.")
    traced["told"](twice, "agree")
    traced["told"](twice, "publish")
    done = traced["told"](twice, "retract", "seeds/other.txt", "--reason", "a hoax")
    successor = done["datasets"]["desk"]["successor"]
    shutil.rmtree(twice / ".copydesk")
    done = rebuilt(traced, twice, successor)
    assert (done["equal"], done["bytes_compared"]) == (True, True)
    assert (twice / "datasets" / "desk" / successor / "pictures" / "labels.svg").exists()


def test_no_input_that_changes_nothing_makes_a_new_version(traced: Traced, twice: Path) -> None:
    skipped = [[("Noor", "PLACE")]]
    traced["labelled"](twice, traced["SECOND"], at="2026-01-02T12:00:00.000000Z", skipped=skipped)
    settings = twice / "copydesk.toml"
    settings.write_text(settings.read_text() + "[studio]\nannotators_per_task = 3\n")
    done = traced["told"](twice, "agree")
    assert done["changed"]
    assert "nothing changed" in json.dumps(traced["told"](twice, "publish"))


def test_where_labels_were_made_and_by_which_server_is_not_published(published_twice: Path) -> None:
    inputs = published_twice / "datasets" / "desk" / "1.0.0" / "inputs"
    names = {path.relative_to(inputs).as_posix() for path in inputs.rglob("*") if path.is_file()}
    assert {"copydesk.toml", "schemas/small/schema.toml", "validation/published.json"} <= names
    assert not {"[studio]", "[engine]", "[ingest]"} & set((inputs / "copydesk.toml").read_text().split("\n"))


def test_a_forged_version_whose_digests_agree_is_found(traced: Traced, twice: Path) -> None:
    version = twice / "datasets" / "desk" / "1.1.0"
    file = version / "spans" / "train.parquet"
    spans = pq.read_table(file)
    labels = pc.if_else(pc.equal(spans["surface"], "Karim"), "PERSON", spans["label"])
    spans = spans.set_column(spans.column_names.index("label"), spans.schema.field("label"), labels.combine_chunks())
    file.unlink()
    write_table(file, spans)
    signed_again(version)
    assert traced["told"](twice, "verify", "desk", "1.1.0")["verified"]
    done = traced["run"](twice, "rebuild", "desk", "1.1.0", "--json")
    assert done.return_value == 1
    assert {"spans/train.parquet", "manifest.json"} <= set(json.loads(done.stdout)["different"])
    assert "train.parquet" not in json.loads(done.stdout)["different"]


def test_of_another_writer_it_is_asked_only_that_the_tables_say_the_same(traced: Traced, twice: Path) -> None:
    version = twice / "datasets" / "desk" / "1.0.0"
    for name in ("1.1.0", "log"):
        shutil.rmtree(version.parent / name)
    file = version / "spans" / "train.parquet"
    spans = pq.read_table(file)
    file.unlink()
    pq.write_table(spans, file, compression="snappy")
    signed_again(version, lambda manifest: manifest.update(writer={"pyarrow": "1.0.0"}))
    done = rebuilt(traced, twice, "1.0.0")
    assert (done["equal"], done["bytes_compared"], done["counts"]["files compared"]) == (True, False, 0)
    assert (done["made_by"]["writer"], done["made_again_by"]["writer"]) == (
        *({"pyarrow": version} for version in ("1.0.0", pa.__version__)),
    )


def cut(part: Path) -> None:
    shutil.rmtree(part)


def exchange(part: Path) -> None:
    receipt = json.loads((part / "receipt.json").read_text())
    table = next(iter(receipt["files"].values()))
    table["sha256"] = "0" * 64
    (part / "receipt.json").write_text(json.dumps(receipt))


def spoil(part: Path) -> None:
    file = max(part.glob("*.parquet"), key=lambda path: path.stat().st_size)
    file.write_bytes(file.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (cut, "holds 0 parts, and the version was made from 1"),
        (exchange, "does not begin with the parts that the version was made from"),
        (spoil, "is not what its receipt says"),
    ],
)
@pytest.mark.parametrize("log", ["documents", "pulls"])
def test_a_log_that_no_longer_begins_with_what_was_recorded_is_refused(
    traced: Traced, twice: Path, harm: Callable[[Path], None], said: str, log: str
) -> None:
    parts = sorted((twice / ".copydesk" / log).iterdir())
    for part in parts:
        harm(part)
    done = traced["run"](twice, "rebuild", "desk", "1.0.0")
    assert isinstance(done.exception, StoreError)
    assert said in str(done.exception)
    assert str(twice / ".copydesk" / log) in str(done.exception)


def test_a_version_is_not_made_again_without_its_parent(traced: Traced, twice: Path) -> None:
    home = twice / "datasets" / "desk"
    shutil.move(home / "1.0.0", twice / "aside")
    done = traced["run"](twice, "rebuild", "desk", "1.1.0")
    assert f"cannot read {home / '1.0.0'}" in str(done.exception)


def test_a_version_that_records_nothing_and_one_that_is_not_there_are_said_to_be_so(
    traced: Traced, twice: Path
) -> None:
    signed_again(twice / "datasets" / "desk" / "1.1.0", lambda manifest: manifest.update(inputs={}))
    said = {version: traced["run"](twice, "rebuild", "desk", version).exception for version in ("1.1.0", "3.0.0")}
    assert all(isinstance(error, UnknownError) for error in said.values())
    assert "does not record what it was made from" in str(said["1.1.0"])
    assert "there are: 1.0.0, 1.1.0" in str(said["3.0.0"])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    replace(file, bytes(content))


@pytest.mark.parametrize("name", ["", "manifest.json", "spans/train.parquet", "inputs/copydesk.toml", "README.md"])
@pytest.mark.parametrize("harm", [flip, Path.unlink])
def test_verify_and_sha256sum_agree(traced: Traced, twice: Path, name: str, harm: Callable[[Path], None]) -> None:
    version = twice / "datasets" / "desk" / "1.1.0"
    if name:
        harm(version / name)
    plain = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=version, capture_output=True, check=False
    )
    own = traced["run"](twice, "verify", "desk", "1.1.0")
    assert (plain.returncode == 0, own.exception is None) == (not name, not name)
    again = traced["run"](twice, "rebuild", "desk", "1.1.0").exception if name else None
    assert isinstance(again, StoreError) == bool(name), "what is not whole is not compared"


def test_the_fault_is_one_of_the_data(traced: Traced) -> None:
    from copydesk.flow.rebuild import rebuild_fault
    from copydesk.flow.report import Report

    data = {"name": "desk", "version": "1.0.0", "equal": False, "different": ["spans/train.parquet"]}
    fault = rebuild_fault(Report("rebuild", {}, data=data))
    assert isinstance(fault, DataError)
    assert "spans/train.parquet came out otherwise" in str(fault)

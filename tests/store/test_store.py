"""Rules of the store: a file is there whole or not at all, and the same rows give the same bytes."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import ConfigError, StoreError, WorkspaceError
from copydesk.model.tables import TABLES, empty, from_rows, rejected_row
from copydesk.store import (
    Latest,
    Log,
    commit_folder,
    file_sha256,
    locked,
    read_secrets,
    read_table,
    read_text,
    sweep,
    write_file,
    write_json,
    write_table,
)


def rejected(*items: str) -> pa.Table:
    rows = [rejected_row(stage="test", item=item, reason="because", detail="so", row={"item": item}) for item in items]
    return from_rows("rejected", rows)


def test_a_log_gives_back_every_part_in_order(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.append({"rejected": rejected("a", "b")}, {"stage": "test"})
    log.append({"rejected": rejected("c")}, {"stage": "test"})
    assert log.read("rejected")["item"].to_pylist() == ["a", "b", "c"]
    assert log.read("rejected", columns=["reason"]).column_names == ["reason"]
    assert [part.path.name for part in log.parts()] == ["000001", "000002"]


def test_the_digest_of_a_log_changes_with_what_it_holds(tmp_path: Path) -> None:
    first, second = Log(tmp_path / "a"), Log(tmp_path / "b")
    for log in (first, second):
        log.append({"rejected": rejected("a")}, {"stage": "test"})
    assert first.digest == second.digest
    second.append({"rejected": rejected("b")}, {"stage": "test"})
    assert first.digest != second.digest


def test_latest_keeps_the_newest_part_alone(tmp_path: Path) -> None:
    latest = Latest(tmp_path / "latest")
    assert latest.part() is None
    assert latest.read("rejected").num_rows == 0
    latest.replace({"rejected": rejected("a")}, {"key": "1"})
    latest.replace({"rejected": rejected("b")}, {"key": "2"})
    assert latest.read("rejected")["item"].to_pylist() == ["b"]
    assert latest.is_made_from("2")
    assert not latest.is_made_from("1")
    assert [entry.name for entry in (tmp_path / "latest").iterdir()] == ["000002"]


def test_what_an_interrupted_run_left_is_swept_and_never_read(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    half = tmp_path / "log" / ".tmp-000001"
    half.mkdir(parents=True)
    (half / "rejected.parquet").write_bytes(b"PAR1 half")
    assert log.parts() == []
    log.append({"rejected": rejected("a")}, {"stage": "test"})
    assert not half.exists()
    assert log.read("rejected").num_rows == 1


def test_a_damaged_table_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    part = log.append({"rejected": rejected(*(f"item {i}" for i in range(1000)))}, {"stage": "test"})
    file = part.path / "rejected.parquet"
    content = bytearray(file.read_bytes())
    content[60] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"rejected\.parquet"):
        log.read("rejected")


def test_a_damaged_receipt_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    part = log.append({"rejected": rejected("a")}, {"stage": "test"})
    for damaged in ("{", "{}", "[]", "7", '{"files": []}'):
        (part.path / "receipt.json").write_text(damaged)
        with pytest.raises(StoreError, match="000001 has no readable receipt"):
            log.parts()


def test_a_table_of_other_columns_is_refused_on_writing_and_on_reading(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="other columns"):
        Log(tmp_path / "log").append({"rejected": pa.table({"a": [1]})}, {})
    write_table(tmp_path / "x.parquet", pa.table({"stage": [1]}))
    with pytest.raises(StoreError, match=r"x\.parquet"):
        read_table(tmp_path / "x.parquet", TABLES["rejected"])


@settings(deadline=None, max_examples=40)
@given(items=st.lists(st.text(max_size=8).filter(lambda text: text.isprintable()), max_size=30), cut=st.integers(0, 30))
def test_the_same_rows_give_the_same_bytes_however_they_are_chunked(
    tmp_path_factory: pytest.TempPathFactory, items: list[str], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    table = rejected(*items)
    write_table(folder / "whole.parquet", table)
    write_table(folder / "cut.parquet", pa.concat_tables([table.slice(0, cut), table.slice(cut)]))
    assert file_sha256(folder / "whole.parquet") == file_sha256(folder / "cut.parquet")
    assert read_table(folder / "whole.parquet", TABLES["rejected"]).equals(table)


def test_rows_with_a_missing_column_or_an_empty_required_value_are_refused() -> None:
    row = rejected_row(stage="test", item="a", reason="r", detail="d", row={})
    with pytest.raises(StoreError, match="item"):
        from_rows("rejected", [{key: value for key, value in row.items() if key != "item"}])
    with pytest.raises(StoreError, match="'reason' is empty"):
        from_rows("rejected", [{**row, "reason": None}])
    assert from_rows("rejected", []).equals(empty("rejected"))


def test_a_secret_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write_json(path, {"token": "t"}, mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secrets(path) == {"token": "t"}
    assert read_secrets(tmp_path / "none.json") == {}
    path.chmod(0o644)
    with pytest.raises(StoreError, match="can be read by others"):
        read_secrets(path)


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot write"):
        write_file(tmp_path / "file" / "x", b"")


def test_a_folder_without_rights_is_a_clear_error_at_every_door(strict_folder: Path) -> None:
    log = Log(strict_folder / "log")
    log.append({"rejected": rejected("a")}, {})
    for name in (".tmp-left", ".tmp-built"):
        (log.folder / name).mkdir()
    log.folder.chmod(0o500)
    doors = {
        "lock": lambda: locked(log.folder / "lock").__enter__(),
        "lock of a new folder": lambda: locked(log.folder / "state" / "lock").__enter__(),
        "append": lambda: log.append({"rejected": rejected("b")}, {}),
        "new log": lambda: Log(log.folder / "new").append({"rejected": rejected("b")}, {}),
        "table": lambda: write_table(log.folder / "x.parquet", rejected("a")),
        "sweep": lambda: sweep(log.folder),
        "commit": lambda: commit_folder(log.folder / ".tmp-built", log.folder / "built"),
        "replace": lambda: Latest(log.folder).replace({"rejected": rejected("b")}, {}),
    }
    for name, door in doors.items():
        with pytest.raises(StoreError, match=rf"cannot \w+ {log.folder}.*: Permission denied \(fix: ") as caught:
            door()
        assert caught.value.exit_code == 3, name
    log.folder.chmod(0)
    with pytest.raises(StoreError, match="cannot read"):
        log.parts()


def test_a_file_where_the_state_belongs_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    with pytest.raises(StoreError, match=r"cannot write .*state: File exists"), locked(tmp_path / "state" / "lock"):
        pass
    with pytest.raises(StoreError, match=r"cannot write .*state: File exists"):
        Log(tmp_path / "state").append({"rejected": rejected("a")}, {})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_a_clear_error() -> None:
    with pytest.raises(StoreError, match="cannot write /dev/full: No space left"):
        write_table(Path("/dev/full"), rejected("a"))


def test_what_a_command_meets_while_it_holds_the_lock_is_not_said_to_be_the_locks_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(tmp_path / "lock"):
        (tmp_path / "none").read_bytes()


@pytest.mark.parametrize("damaged", ["", "{", "[]", "7", '"token"', "{}", '{"other": 1}'])
def test_damaged_secrets_are_an_error_that_names_the_file(tmp_path: Path, damaged: str) -> None:
    path = tmp_path / "people.json"
    write_file(path, damaged.encode(), mode=0o600)
    with pytest.raises(StoreError, match=r"people\.json is damaged: "):
        read_secrets(path, keys=["token"])


def test_secrets_that_cannot_be_read_are_an_error_that_names_the_file(strict_folder: Path) -> None:
    write_json(strict_folder / "people.json", {}, mode=0o200)
    with pytest.raises(StoreError, match=r"cannot read .*people\.json: Permission denied"):
        read_secrets(strict_folder / "people.json")


def test_a_text_that_cannot_be_read_is_named_with_the_fix(strict_folder: Path) -> None:
    path = strict_folder / "names.tsv"
    assert read_text(path, missing="") == ""
    with pytest.raises(ConfigError, match=r"names\.tsv is missing"):
        read_text(path)
    path.write_bytes(b"Bj\xf8rn")
    with pytest.raises(ConfigError, match=r"names\.tsv cannot be read: byte 0xf8 at 2 is not UTF-8 \(fix: "):
        read_text(path, missing="")
    path.chmod(0)
    with pytest.raises(ConfigError, match=r"names\.tsv cannot be read: Permission denied \(fix: "):
        read_text(path, missing="")


HOLDER = """
import sys
from pathlib import Path
from copydesk.store import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_command_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WorkspaceError, match=str(holder.pid)), locked(tmp_path / "lock"):
            pass
        holder.communicate("")
    with locked(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text().strip() == str(os.getpid())


def test_receipts_are_plain_json(tmp_path: Path) -> None:
    part = Log(tmp_path).append({"rejected": rejected("a")}, {"stage": "test", "counts": {"rejected": 1}})
    receipt = json.loads((part.path / "receipt.json").read_text())
    assert receipt["files"]["rejected"]["rows"] == 1
    assert receipt["files"]["rejected"]["sha256"] == file_sha256(part.path / "rejected.parquet")


@pytest.mark.parametrize(
    ("rows", "size", "groups"),
    [
        (0, 1, [0]),
        (5_000, 10, [2_000, 2_000, 1_000]),
        (12, 3_000_000, [5, 5, 2]),
        (3, 17_000_000, [1, 1, 1]),
    ],
)
def test_row_groups_of_texts_are_bounded_by_rows_and_by_bytes(
    tmp_path: Path, rows: int, size: int, groups: list[int]
) -> None:
    table = pa.table({"doc_id": pa.array(range(rows), pa.int64()), "text": pa.array(["x" * size] * rows, pa.string())})
    write_table(tmp_path / "x.parquet", table)
    written = pq.read_metadata(tmp_path / "x.parquet")
    assert [written.row_group(at).num_rows for at in range(written.num_row_groups)] == groups
    assert pq.read_table(tmp_path / "x.parquet").equals(table)


def test_rows_are_found_by_a_value_and_by_their_number_as_in_the_whole_table(tmp_path: Path) -> None:
    rows = [
        {
            "doc_id": f"doc-{number % 7}",
            "revision": 1,
            "annotation_id": f"{number}",
            "annotator": "A1",
            "start": number,
            "end": number + 1,
        }
        for number in range(140_000)
    ]
    table = from_rows("unread", rows)
    part = Log(tmp_path / "log").append({"unread": table, "edits": TABLES["edits"].empty_table()}, {})
    for column, value in (("doc_id", "doc-3"), ("annotation_id", "139999"), ("annotation_id", "none")):
        assert part.where("unread", column, value) == table.filter(pc.equal(table[column], value))
    assert part.where("edits", "doc_id", "doc-3").num_rows == part.where("spans", "doc_id", "doc-3").num_rows == 0
    for number in (0, 131_071, 131_072, 139_999):
        assert part.row("unread", number) == rows[number]
    with pytest.raises(IndexError):
        part.row("unread", 140_000)

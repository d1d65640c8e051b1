"""One content is one set of bytes: nothing about how, where and when it is published gets into a version.

Publishing itself runs in one process. That every engine, with any number of processes, makes the same tables to publish is shown
in ``tests/ingest/test_engines_agree.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.store import file_sha256

NEWSROOM = Path(__file__).parents[1] / "datasets" / "newsroom.py"
RELABELLED = ("x0", "x1", "x2")
# Published as a program: twelve documents with splits, then with other labels, so that there are changes and a mask, too.
PROGRAM = """
import importlib.util, os, sys
from pathlib import Path
os.umask(int(sys.argv[3], 8))
spec = importlib.util.spec_from_file_location("newsroom", sys.argv[1])
newsroom = importlib.util.module_from_spec(spec)
sys.modules["newsroom"] = newsroom
spec.loader.exec_module(newsroom)
for relabelled in ((), ("x0", "x1", "x2")):
    newsroom.put_out_divided(Path(sys.argv[2]), relabelled=relabelled)
"""
SURROUNDINGS: Mapping[str, tuple[dict[str, str], str]] = {
    "hash-seed": ({"PYTHONHASHSEED": "1"}, "022"),
    "another-hash-seed": ({"PYTHONHASHSEED": "4294967295"}, "022"),
    "time-zone-ahead": ({"TZ": "Pacific/Kiritimati"}, "022"),
    "time-zone-behind": ({"TZ": "America/St_Johns"}, "022"),
    "plain-locale": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "022"),
    "turkish-locale": ({"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, "022"),
    "one-thread": ({"OMP_NUM_THREADS": "1", "ARROW_IO_THREADS": "1"}, "022"),
    "many-threads": ({"OMP_NUM_THREADS": "16", "ARROW_IO_THREADS": "16"}, "022"),
    "private-umask": ({}, "077"),
}


@pytest.fixture(scope="module")
def plain(newsroom: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The bytes of both versions, published in this process."""
    home = tmp_path_factory.mktemp("plain") / newsroom.NAME
    for relabelled in ((), RELABELLED):
        newsroom.put_out_divided(home, relabelled=relabelled)
    found = files(home)
    assert {"1.0.0/test.parquet", "2.0.0/changes/labels.parquet", "2.0.0/splits/ledger.parquet"} <= found.keys()
    return found


def files(home: Path) -> dict[str, str]:
    """Every file of a dataset with its digest."""
    return {path.relative_to(home).as_posix(): file_sha256(path) for path in sorted(home.rglob("*")) if path.is_file()}


def cut(table: pa.Table, order: list[int], shards: int) -> pa.Table:
    """The same rows in another order, in so many pieces."""
    rows = table.take(pa.array([at for at in order if at < table.num_rows], pa.int64()))
    size = -(-table.num_rows // shards) or 1
    return pa.concat_tables(
        [table.schema.empty_table(), *(rows.slice(at, size) for at in range(0, rows.num_rows, size))]
    )


@settings(deadline=None, max_examples=8)
@given(order=st.permutations(range(24)), shards=st.integers(1, 24))
def test_neither_the_order_of_the_rows_nor_the_number_of_shards_changes_a_byte(
    newsroom: ModuleType, plain: dict[str, str], order: list[int], shards: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / newsroom.NAME
        for relabelled in ((), RELABELLED):
            tables = {name: cut(table, order, shards) for name, table in newsroom.many(12, relabelled).items()}
            assert max(table.num_rows for table in tables.values()) == len(order)
            newsroom.publish_divided(
                home, tables=tables, about=newsroom.ABOUT, plan=newsroom.DIVIDED, progress=newsroom.silent
            )
        assert files(home) == plain


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_no_surroundings_of_the_process_change_a_byte(
    newsroom: ModuleType, plain: dict[str, str], tmp_path: Path, name: str
) -> None:
    environment, umask = SURROUNDINGS[name]
    home = tmp_path / newsroom.NAME
    command = [sys.executable, "-c", PROGRAM, str(NEWSROOM), str(home), umask]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert files(home) == plain

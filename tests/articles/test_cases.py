"""Each folder of ``tests/cases/articles`` holds an input, and in ``expected.toml`` what has to be read of it."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from copydesk.articles import Columns, Entry, Input, Limits, ReadOptions, read_input, to_tables
from copydesk.articles.provenance import FILE_NAME

LIMITS = Limits(max_bytes=10_000, max_chars=10_000)
CASES = sorted(path.parent for path in (Path(__file__).parents[1] / "cases" / "articles").glob("*/expected.toml"))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_input_gives_the_entries_that_its_case_states_in_their_order(case: Path) -> None:
    expected = tomllib.loads((case / "expected.toml").read_text("utf-8"))
    [path] = [one for one in case.iterdir() if one.name not in {"expected.toml", FILE_NAME}]
    columns = Columns(**expected.get("columns", {}))
    entries = list(read_input(Input(path.name, path=path), options=ReadOptions(LIMITS, columns)))
    assert [_stated(entry, one) for entry, one in zip(entries, expected["entries"], strict=True)] == expected["entries"]
    articles, rejected = to_tables(entries)
    assert articles.num_rows == len(entries)
    assert rejected["item"].to_pylist() == [entry.source for entry in entries if entry.reason]


def _stated(entry: Entry, expected: dict[str, Any]) -> dict[str, Any]:
    """Give of an entry what the case states."""
    values = entry._asdict() | entry.facts._asdict()
    values["text"] = entry.raw.decode(entry.encoding) if entry.raw is not None and entry.encoding else None
    return {name: _plain(values[name]) for name in expected}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime):
        return value
    return "" if value is None else value

"""What the tests of the readers share: bytes under a name in, entries out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.articles import Columns, Entry, Input, Limits, ReadOptions, read_input

Read = Callable[..., list[Entry]]


def options(*, columns: Columns | None = None, loopback: bool = False, **limits: Any) -> ReadOptions:
    """Options with small limits."""
    return ReadOptions(
        Limits(**{"max_bytes": 1_000_000, "max_chars": 1_000_000} | limits), columns or Columns(), loopback
    )


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write bytes under a name and read them."""

    def call(name: str, raw: bytes, **given: Any) -> list[Entry]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        return list(read_input(Input(name, path=path), options=options(**given)))

    return call

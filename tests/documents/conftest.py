"""Articles made in memory, as the reading stage would have left them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model import tables

Articles = Callable[..., pa.Table]


@pytest.fixture
def articles() -> Articles:
    """Give the table ``articles`` for (source, text) pairs."""

    def make(*written: tuple[str, str], form: str = "text", **columns: Any) -> pa.Table:
        rows = []
        for source, text in written:
            raw = text.encode()
            row: dict[str, Any] = dict.fromkeys(tables.ARTICLES.names)
            row |= {"source": source, "raw": raw, "bytes": len(raw), "format": form, "encoding": "utf-8"}
            rows.append(row | {"raw_sha256": hashlib.sha256(raw).hexdigest()} | columns)
        return tables.from_rows("articles", rows)

    return make

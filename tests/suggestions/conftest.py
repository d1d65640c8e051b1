"""Tasks of bare texts, and a schema with one label for each rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model.document import text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_rows

LABELS = ("DATE", "NUMBER", "RESIDUE", "PLACE", "GROUP")


@pytest.fixture(scope="session")
def make_schema() -> Callable[..., LabelSchema]:
    def make(**suggest: str) -> LabelSchema:
        labels = [
            {"name": name, "definition": name, "hotkey": key, "colour": "#000000"}
            for key, name in zip("abcde", LABELS, strict=True)
        ]
        data: dict[str, Any] = {"name": "s", "version": "1", "title": "S", "labels": labels, "suggest": suggest}
        return LabelSchema.read(data, place="s")

    return make


@pytest.fixture(scope="session")
def schema(make_schema: Callable[..., LabelSchema]) -> LabelSchema:
    return make_schema(date="DATE", number="NUMBER", residue="RESIDUE")


@pytest.fixture(scope="session")
def tasks_of() -> Callable[[Sequence[str]], pa.Table]:
    def make(texts: Sequence[str]) -> pa.Table:
        return from_rows(
            "tasks",
            [
                {"doc_id": f"d{i:04}", "revision": 1, "text_sha256": text_sha256(text), "title": None, "text": text}
                for i, text in enumerate(texts)
            ],
        )

    return make

"""Test sets beside each other: what each document is scored by, and on which of them two scores may be compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from copydesk.datasets.layout import file_of
from copydesk.datasets.load import read_file, splits_in
from copydesk.datasets.logical import GOLD, gold_digests

MASK = pa.schema(
    [pa.field("doc_id", pa.string(), nullable=False), pa.field("gold_sha256", pa.string(), nullable=False)]
)


def gold_in(path: Path) -> dict[str, str]:
    """The digest of what each test document of the version in ``path`` is scored by (``logical.gold_digests``)."""
    if "test" not in splits_in(path):
        return {}
    names = [name for name in GOLD if (path / file_of(name, "test")).exists()]
    return gold_digests({name: read_file(path / file_of(name, "test"), None) for name in names})


def mask_of(old: Mapping[str, str], new: Mapping[str, str]) -> pa.Table:
    """The documents of two test sets with the same text and labels, as ``MASK``, sorted."""
    both = sorted(doc_id for doc_id, digest in old.items() if new.get(doc_id) == digest)
    return pa.table([pa.array(both, pa.string()), pa.array([new[one] for one in both], pa.string())], MASK)

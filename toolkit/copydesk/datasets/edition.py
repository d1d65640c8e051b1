"""A version as it is compared with another: its tables, the names of its labels, the split of each document."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa

from copydesk.datasets.load import ledger_in, read_published
from copydesk.datasets.splits import split_of
from copydesk.datasets.version import LABEL_SET, Release, read_object

_TABLES = ("documents", "spans", "relations", "categories", "reads")


@dataclass(frozen=True, slots=True)
class Edition:
    """``tables`` holds documents, spans, relations, reads, and categories where there are any; ``splits`` names only its documents."""

    tables: Mapping[str, pa.Table]
    labels: Collection[str]
    splits: Mapping[str, str]


def read_edition(release: Release) -> Edition:
    """Read a published version; raises StoreError where it is damaged."""
    tables = {name: read_published(release.path, name) for name in _TABLES if name in release.manifest["counts"]}
    labels = [label["name"] for label in read_object(release.path / LABEL_SET)["labels"]]
    return edition(tables, labels, ledger_in(release.path))


def edition(tables: Mapping[str, pa.Table], labels: Collection[str], ledger: pa.Table) -> Edition:
    """Make an edition of its parts; the ledger may know more documents than it has."""
    splits = split_of(ledger)
    return Edition(tables, labels, {one: splits[one] for one in tables["documents"]["doc_id"].to_pylist()})

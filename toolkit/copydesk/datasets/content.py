"""What a version says, and the step to it from the version before: between what publishing makes and what is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.datasets.about import About
from copydesk.datasets.diff import Difference
from copydesk.datasets.layout import file_of
from copydesk.datasets.logical import logical_digest
from copydesk.datasets.rules import Bump
from copydesk.datasets.version import Release
from copydesk.store import digest_of


@dataclass(frozen=True, slots=True)
class Content:
    """All that a version says, apart from its number: ``digests`` by part decide whether two versions say the same.

    ``parts`` holds the published tables by split and name, ``logical`` their digests by file. Documents in ``held`` were drawn for the
    test set after it was published: they wait for the next major version.
    """

    about: About
    parts: Mapping[str, Mapping[str, pa.Table]]
    ledger: pa.Table
    held: tuple[str, ...]
    agreement: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    logical: Mapping[str, str]
    gold: Mapping[str, str]  # the digest of what each test document is scored by

    @property
    def tables(self) -> dict[str, pa.Table]:
        """Each published table over all splits."""
        names = next(iter(self.parts.values()))
        return {name: pa.concat_tables([part[name] for part in self.parts.values()]) for name in names}

    @property
    def files(self) -> Iterator[tuple[str, str, str, pa.Table]]:
        """Each table's file: its path, table, split and rows."""
        for split, part in self.parts.items():
            for name, table in part.items():
                yield file_of(name, split), name, split, table

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each part that a reader can tell apart."""
        about = self.about
        tables: dict[str, dict[str, str]] = {}
        for path, name, split, _ in self.files:
            tables.setdefault(name, {})[split] = self.logical[path]
        return {
            **{f"tables/{name}": digest_of(splits) for name, splits in tables.items()},
            "splits": logical_digest(self.ledger),
            "test": digest_of(self.gold) if self.gold else "",
            **{name: digest_of(value) for name, value in about.facts.items()},
            "labels": digest_of(about.label_set),
            "schema": about.schema.digest,
            "guidelines": digest_of(about.schema.guidelines),
            "agreement": digest_of(self.agreement),
            "findings": digest_of(self.findings),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """The step from the parent version to this one; the first has neither parent nor difference. ``changes`` are as ``causes.CAUSED``.

    ``mask`` lists the test documents that both have with the same text and labels (``gold.MASK``), where these are not all of both.
    """

    version: str
    bump: Bump
    difference: Difference
    changes: pa.Table
    mask: pa.Table | None
    parent: Release | None

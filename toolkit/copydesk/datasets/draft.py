"""What is to be published, and how its documents are divided; with the version before, the content of the next one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from copydesk.datasets.about import About
from copydesk.datasets.content import Content
from copydesk.datasets.layout import file_of
from copydesk.datasets.load import ledger_in, read_file
from copydesk.datasets.logical import gold_digests, logical_digest
from copydesk.datasets.nested import divided
from copydesk.datasets.rules import LEVELS
from copydesk.datasets.splits import LEDGER, Shares, draw, split_of
from copydesk.datasets.version import Release
from copydesk.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True)
class Plan:
    """How documents are divided, and how far the version's number must move at least.

    ``groups`` names for each document, labelled or not, the group that must stay together, ``strata`` the stratum in which the
    shares are to hold. ``bump`` is major, minor or patch; empty: as far as the changes ask for.
    """

    shares: Shares = field(default_factory=Shares)
    groups: Mapping[str, str] = field(default_factory=dict)
    strata: Mapping[str, str] = field(default_factory=dict)
    bump: str = ""

    def __post_init__(self) -> None:
        if self.bump and self.bump not in LEVELS:
            raise ConfigError(f"unknown step of a version {self.bump!r}", fix=f"name one of {', '.join(LEVELS)}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be published, before it is divided: that depends on the version before. What was ``retracted`` is left out."""

    about: About
    flat: Mapping[str, pa.Table]
    agreement: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    plan: Plan
    retracted: Collection[str] = ()

    def after(self, parent: Release | None, *, hold: bool) -> Content:
        """Divide the documents; with ``hold``, those that would change the parent's test set are left out for now.

        Raises DataError where each was retracted.
        """
        doc_ids = [one for one in self.flat["documents"]["doc_id"].to_pylist() if one not in self.retracted]
        if not doc_ids:
            raise DataError("every document to publish was retracted", fix="copydesk log lists what was retracted")
        earlier = ledger_in(parent.path) if parent else LEDGER.empty_table()
        plan = self.plan
        ledger = draw(doc_ids, groups=plan.groups, ledger=earlier, shares=plan.shares, strata=plan.strata)
        splits = split_of(ledger)
        tested = _documents(parent, "test") if parent else set()
        held = [one for one in doc_ids if splits[one] == "test" and one not in tested] if hold and tested else []
        if held:  # they are drawn again, with the same result, when their time comes
            taken = [one for one in doc_ids if one not in held]
            ledger = draw(taken, groups=plan.groups, ledger=earlier, shares=plan.shares, strata=plan.strata)
        parts = divided(self.flat, {one: splits[one] for one in doc_ids if one not in held})
        return Content(
            about=self.about,
            parts=parts,
            ledger=ledger,
            held=tuple(held),
            agreement=self.agreement,
            findings=self.findings,
            logical={
                file_of(name, split): logical_digest(table)
                for split, part in parts.items()
                for name, table in part.items()
            },
            gold=gold_digests(parts["test"]) if "test" in parts else {},
        )


def _documents(release: Release, split: str) -> set[str]:
    """The documents of a version's split."""
    path = release.path / file_of("documents", split)
    return set(read_file(path, ["doc_id"])["doc_id"].to_pylist()) if path.exists() else set()

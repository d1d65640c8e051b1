"""The step to a version: what it says and its parent go in; its number, its changes and the reasons come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from copydesk.datasets.causes import CAUSED, caused
from copydesk.datasets.content import Content, Step
from copydesk.datasets.diff import Difference, compare
from copydesk.datasets.edition import Edition, edition, read_edition
from copydesk.datasets.events import events_in, state_of
from copydesk.datasets.gold import gold_in, mask_of
from copydesk.datasets.layout import columns_of
from copydesk.datasets.returned import returned_changed
from copydesk.datasets.rules import LEVELS, Bump, Side, judge
from copydesk.datasets.version import FIRST, FORMAT_VERSION, LABEL_SET, Release, Version, read_object
from copydesk.errors import DataError


def step_to(content: Content, parent: Release | None, *, there: Sequence[Version], asked: str) -> Step:
    """Compare with the parent and number the version, after those ``there``; ``asked`` is the bump that the caller wants at least,
    or empty.

    Raises DataError, with the reasons, where the changes ask for more than that.
    """
    if parent is None:
        number = there[-1].next("major") if there else FIRST  # every earlier one may have been removed
        reasons = ("this is the first version",)
        return Step(str(number), Bump("first", reasons), Difference(), CAUSED.empty_table(), None, None)
    folder, old = parent.path.parent, read_edition(parent)
    new = edition(content.tables, content.about.schema.label_names, content.ledger)
    found = compare(old.tables, new.tables)
    returned = returned_changed(
        folder, below=parent.version, added=found.documents_added, documents=new.tables["documents"]
    )
    found = replace(found, returned_changed=returned, moved=_moved(old, new))
    bump = judge(_earlier(parent), _now(content), difference=found)
    if asked and LEVELS.index(asked) > LEVELS.index(bump.level):
        raise DataError(
            f"a {asked} version after {parent.version} is not enough: {'; '.join(bump.reasons)}",
            fix=f"publish a {bump.level} version",
        )
    bump = replace(bump, level=asked or bump.level)
    rows = caused(found, old=old, new=new, retracted=state_of(events_in(folder)).retracted)
    number = there[-1].next(bump.level)
    return Step(str(number), bump, found, rows, _mask(parent, content), parent)


def _mask(parent: Release, content: Content) -> pa.Table | None:
    """The test documents on which scores may be compared, where these are not all of both versions."""
    old = gold_in(parent.path)
    return mask_of(old, content.gold) if old and old != content.gold else None


def _moved(old: Edition, new: Edition) -> Mapping[tuple[str, str], int]:
    """Count the documents of both versions that have another split now."""
    both = old.splits.keys() & new.splits.keys()
    return Counter((old.splits[one], new.splits[one]) for one in both if old.splits[one] != new.splits[one])


def _earlier(parent: Release) -> Side:
    return Side(
        format=parent.manifest["format_version"],
        content=parent.manifest["content"],
        columns=parent.manifest["columns"],
        label_set=read_object(parent.path / LABEL_SET),
        licence=parent.manifest["licence"],
    )


def _now(content: Content) -> Side:
    return Side(
        format=FORMAT_VERSION,
        content=content.digests,
        columns={name: columns_of(table.schema) for name, table in content.tables.items()},
        label_set=content.about.label_set,
        licence=content.about.licence,
    )

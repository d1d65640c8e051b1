"""Which documents are for training, validation and test: groups and a ledger go in, the ledger with what is new comes out.

A split is drawn for a **group** (documents that share text, whatever the reason), by a keyed hash of its name, so that no text stands
on both sides and nobody chooses. What was drawn stays: the ledger is only added to, and a document that went out and comes back
finds its place again. Where groups of several splits turn out to be one, all of it goes to the split nearest to training: what a
model may have seen is never tested.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from copydesk.errors import ConfigError

SPLITS = ("train", "validation", "test")
LEDGER_FILE = "splits/ledger.parquet"
_GOLDEN = (5**0.5 - 1) / 2
LEDGER = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),  # from 1; of a document's rows the last one holds
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("group_id", pa.string(), nullable=False),  # when the row was written
        pa.field("split", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),  # drawn, group (that of its group), merged (of several)
    ]
)


@dataclass(frozen=True, slots=True)
class Shares:
    """What share of the groups is drawn for validation and for test; the rest is for training.

    ``key`` makes the draw another one. With strata (``draw``), the shares hold within each of them.
    """

    validation: float = 0.1
    test: float = 0.1
    key: str = ""

    def __post_init__(self) -> None:
        if not (self.validation >= 0 and self.test >= 0 and self.validation + self.test <= 1):
            raise ConfigError(
                f"the shares of validation ({self.validation}) and test ({self.test}) leave no room for training",
                fix="make both 0 or more, and together 1 at most",
            )


def draw(
    doc_ids: Sequence[str], *, groups: Mapping[str, str], ledger: pa.Table, shares: Shares, strata: Mapping[str, str]
) -> pa.Table:
    """Give the ledger with a row for each document that is new in it or has to move.

    ``groups`` names the group of each document that there is, also of those that are in the ledger alone; one that it does not name
    has the group that the ledger says, or is a group of its own. ``strata`` names the stratum of those documents that have one.
    Neither the order of the documents nor what is not among them changes the split of any.
    """
    held = split_of(ledger)
    named = dict(zip(ledger["doc_id"].to_pylist(), ledger["group_id"].to_pylist(), strict=True))
    members: dict[str, list[str]] = defaultdict(list)
    known: dict[str, set[str]] = {}  # the splits of each group that has any
    for doc_id in sorted(held.keys() | set(doc_ids)):
        group = groups.get(doc_id) or named.get(doc_id) or doc_id
        members[group].append(doc_id)
        if doc_id in held:
            known.setdefault(group, set()).add(held[doc_id])
    drawn = _drawn(members, known, shares, strata)
    rows = []
    for group, those in sorted(members.items()):
        split = min(known[group], key=SPLITS.index) if group in known else drawn[group]
        for doc_id in those:
            if held.get(doc_id) != split:
                reason = "merged" if doc_id in held else "group" if group in known else "drawn"
                rows.append((doc_id, group, split, reason))
    numbered = [(number, *row) for number, row in enumerate(rows, ledger.num_rows + 1)]
    columns = zip(*numbered, strict=True) if numbered else [()] * len(LEDGER)
    new = [pa.array(list(column), field.type) for column, field in zip(columns, LEDGER, strict=True)]
    return pa.concat_tables([ledger, pa.table(new, LEDGER)]).combine_chunks()


def split_of(ledger: pa.Table) -> dict[str, str]:
    """Give the split of each document: that of its last row."""
    return dict(zip(ledger["doc_id"].to_pylist(), ledger["split"].to_pylist(), strict=True))


def _drawn(
    members: Mapping[str, list[str]], known: Mapping[str, Collection[str]], shares: Shares, strata: Mapping[str, str]
) -> dict[str, str]:
    """Draw a split for each group that has none; where nothing would be for training, what is farthest from the test set is."""
    stratum_of = {group: next((strata[one] for one in those if one in strata), "") for group, those in members.items()}
    before = Counter(stratum_of[group] for group in known)
    drawn = {}
    for value, group in sorted((_hash(shares.key, group), group) for group in members if group not in known):
        stratum = stratum_of[group]
        # Numbers that far from each other fall evenly: whatever the size of a stratum, its shares are met as nearly as can be.
        drawn[group] = _split(
            (_hash(shares.key, stratum) + before[stratum] * _GOLDEN) % 1 if stratum else value, shares
        )
        before[stratum] += 1
    if drawn and "train" not in {*drawn.values(), *(split for splits in known.values() for split in splits)}:
        drawn[max(drawn, key=lambda group: (_hash(shares.key, group), group))] = "train"
    return drawn


def _hash(key: str, name: str) -> float:
    """A number from 0 to 1 that the key and the name make."""
    digest = hashlib.sha256(f"{key}\n{name}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _split(value: float, shares: Shares) -> str:
    if value < shares.test:
        return "test"
    return "validation" if value < shares.test + shares.validation else "train"

"""Copies drawn from real articles are found again: no figure is below its floor in copies.toml, which nobody lowers silently."""

from __future__ import annotations

import runpy
import tomllib
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from copydesk.documents.copies import find_copies
from copydesk.model import tables

HERE = Path(__file__).parent
FLOORS = tomllib.loads((HERE / "copies.toml").read_text("utf-8"))
wire = SimpleNamespace(**runpy.run_path(str(HERE / "wire.py"), run_name="wire"))
NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)


def _documents(printed: Sequence[Any], *, dated: bool) -> pa.Table:
    blank = dict.fromkeys(tables.DOCUMENTS.names) | {
        "source": "s",
        "raw_sha256": "0",
        "recipe": "r",
        "text_sha256": "0",
    }
    rows = []
    for number, one in enumerate(printed):
        later = timedelta(0) if one.how == "as sent" else timedelta(minutes=number + 1)
        named = {"doc_id": f"doc-{number:04}", "revision": 1, "text": one.text, "publisher": f"paper {number}"}
        rows.append(blank | named | {"published_at": NOON + later if dated else None})
    return tables.from_rows("documents", rows)


def _counts(true: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[int, int, int, int]:
    """Pairs: together in both, in truth, in what was found, and all."""
    pairs = list(combinations(range(len(true)), 2))
    together = [(true[a] == true[b], found[a] == found[b]) for a, b in pairs]
    return sum(a and b for a, b in together), sum(a for a, _ in together), sum(b for _, b in together), len(pairs)


def _ari(both: int, true: int, found: int, pairs: int) -> float:
    """The adjusted Rand index (Hubert & Arabie 1985)."""
    expected = true * found / pairs
    return (both - expected) / ((true + found) / 2 - expected)


@pytest.mark.skipif(
    not wire.DATA.exists(), reason=f"the real articles are not there: {wire.DATA.name} beside the checkout"
)
@pytest.mark.parametrize("dates", ["dated", "undated"])
def test_no_figure_of_the_drawn_copies_is_below_its_floor(dates: str, record_property: Any) -> None:
    sums = {"story": [0, 0, 0, 0], "group": [0, 0, 0, 0]}
    ari = []
    for seed in range(FLOORS["seeds"]):
        printed = wire.printed(seed=seed)
        copies = find_copies(_documents(printed, dated=dates == "dated"))
        true = [one.story for one in printed]
        for name, total in sums.items():
            counts = _counts(true, copies[f"{name}_id"].to_pylist())
            sums[name] = [a + b for a, b in zip(total, counts, strict=True)]
            if name == "story":
                ari.append(_ari(*counts))
    figures = {
        "story_precision": sums["story"][0] / sums["story"][2],
        "story_recall": sums["story"][0] / sums["story"][1],
        "story_ari": sum(ari) / len(ari),
        "group_precision": sums["group"][0] / sums["group"][2],
        "group_recall": sums["group"][0] / sums["group"][1],
    }
    record_property("figures", {name: round(figure, 4) for name, figure in figures.items()})
    print({name: round(figure, 4) for name, figure in figures.items()})
    below = {name: figure for name, figure in figures.items() if figure < FLOORS[dates][name]}
    assert not below


@pytest.mark.skipif(
    not wire.DATA.exists(), reason=f"the real articles are not there: {wire.DATA.name} beside the checkout"
)
def test_real_articles_that_are_no_copies_are_none() -> None:
    printed = [wire.Printed(number, "as sent", text) for number, text in enumerate(wire.articles())]
    assert set(find_copies(_documents(printed, dated=False))["kind"].to_pylist()) == {"original"}

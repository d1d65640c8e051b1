"""The computing time of a page's document, zones, edits and facts, against trafilatura on the same pages in the same run."""

from __future__ import annotations

import importlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from ratio import Ratio
from trafilatura import bare_extraction, extract

from copydesk.documents.read import Asked, read_documents

ROUNDS = 3
TARGET = 5.0
GATE = Path(__file__).resolve().parents[1] / "tests" / "gate"


def run() -> tuple[Ratio, ...]:
    """Run ours and theirs in turn and give the median ratios: how many times as long trafilatura takes.

    trafilatura is asked for its text alone, for its text in its fast mode, and for text with metadata, which is what ours
    gives; ours gives zones and offsets besides. Ours is handed all pages at once, as the stage hands a batch: what looks
    at the blocks of a batch together costs as much for one page as for a hundred.
    """
    corpus = _corpus()
    pages = [page.source for page in (*corpus.full_pages(), *corpus.segment_pages())]

    asked = [Asked(page, "html", f"doc-{number}", "benchmark") for number, page in enumerate(pages)]

    def ours() -> object:
        return list(read_documents(asked, max_chars=5_000_000))

    peers: dict[str, Callable[[str], object]] = {
        "trafilatura with metadata": lambda source: bare_extraction(source, with_metadata=True),
        "trafilatura": extract,
        "trafilatura's fast mode": lambda source: extract(source, fast=True),
    }
    _seconds(ours)
    rounds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(ROUNDS):
        own = _seconds(ours)
        for name, peer in peers.items():
            rounds[name].append(_seconds(lambda peer=peer: [peer(page) for page in pages]) / own)
    return tuple(_ratio(name, values) for name, values in rounds.items())


def _ratio(peer: str, rounds: Sequence[float]) -> Ratio:
    value = statistics.median(rounds)
    is_target = peer != "trafilatura's fast mode"
    target = f"≥ {TARGET}" if is_target else "none"
    return Ratio(f"{peer}, against a page's document", value, target, value >= TARGET or not is_target, tuple(rounds))


def _seconds(read: Callable[[], object]) -> float:
    begin = time.process_time()
    read()
    return time.process_time() - begin


def _corpus() -> ModuleType:
    sys.path.append(str(GATE))
    module = importlib.import_module("corpus")
    if not module.FULL.exists() or not module.SEGMENTS.exists():
        raise SystemExit(module.MISSING)
    return module

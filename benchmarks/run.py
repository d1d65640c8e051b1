"""Run every benchmark, write ``results.md``, and leave with 1 where a ratio is not what it has to be."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import agreement_classes
import agreement_crowd
import agreement_spans
import copies
import curation
import feeds
import pages
import pulling
import reading
import releases
import start
import suggesting
import sync
import validating
import validating_memory
from peers import PeerMissingError
from ratio import Ratio

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Print each ratio as it comes, and keep them all."""
    lines = [
        "# Benchmarks",
        "",
        "Ratios of two things measured in turn in one run; `make bench` makes this page. Each is the median of its rounds.",
        "",
        "| what | ratio | has to be | rounds |",
        "|---|---|---|---|",
    ]
    reached = True
    for ratio in (start.run(), *_against_peers(lines), *sync.run(HERE.parent), *pulling.run(HERE.parent)):
        rounds = ", ".join(f"{one:.3f}" for one in ratio.rounds)
        lines.append(f"| {ratio.name} | {ratio.value:.3f} | {ratio.target} | {rounds} |")
        print(lines[-1])
        reached = reached and ratio.reached
    (HERE / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0 if reached else 1


def _against_peers(lines: list[str]) -> Iterator[Ratio]:
    """Run what is compared with another program; one that cannot be installed here is passed over, with the reason."""
    yield feeds.run()
    yield from copies.run()
    yield from pages.run()
    yield from validating.run()
    yield from validating_memory.run()
    yield from releases.run()
    yield from suggesting.run()
    yield from reading.run()
    for benchmark in (curation, agreement_classes, agreement_spans, agreement_crowd):
        try:
            yield from benchmark.run()
        except PeerMissingError as missing:
            lines.append(f"| {benchmark.__name__} | skipped | {missing} | |")
            print(lines[-1])


if __name__ == "__main__":
    sys.exit(main())

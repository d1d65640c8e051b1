"""Run every benchmark, write ``results.md``, and leave with 1 where a ratio is not what it has to be."""

from __future__ import annotations

import sys
from pathlib import Path

import pages
import start
import sync

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
    for ratio in (start.run(), *pages.run(), *sync.run(HERE.parent)):
        rounds = ", ".join(f"{one:.3f}" for one in ratio.rounds)
        lines.append(f"| {ratio.name} | {ratio.value:.3f} | {ratio.target} | {rounds} |")
        print(lines[-1])
        reached = reached and ratio.reached
    (HERE / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())

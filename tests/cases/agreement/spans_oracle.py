"""Writes spans.json beside this file: spans of two people at random with the F1 that nervaluate gives them, strict and exact.

Run it in an environment that has nervaluate 1.2.1 (MIT licence): ``python spans_oracle.py > spans.json``.
"""

from __future__ import annotations

import json

import numpy as np
from nervaluate.evaluator import Evaluator

LABELS = ["ORG", "PLACE", "PERSON"]


def drawn(rng: np.random.Generator) -> tuple[list[list[object]], list[list[object]]]:
    """Spans that do not overlap, and a copy with slips, other labels, and spans that are missing or new."""
    one: list[list[object]] = []
    other: list[list[object]] = []
    at = 0
    for _ in range(int(rng.integers(1, 12))):
        at += int(rng.integers(4, 9))
        end = at + int(rng.integers(3, 7))
        label = LABELS[int(rng.integers(3))]
        roll = rng.random()
        if roll < 0.9:
            one.append([at, end, label])
        if roll > 0.1:
            slip = int(rng.random() < 0.2)
            other.append([at - slip, end, LABELS[int(rng.integers(3))] if rng.random() < 0.2 else label])
        at = end
    return one, other


def main() -> None:
    """Print the file."""
    rng = np.random.default_rng(12)
    cases = []
    while len(cases) < 100:
        one, other = drawn(rng)
        if not one or not other:
            continue
        # Its ends are inclusive.
        true, made = (
            [[{"label": label, "start": start, "end": end - 1} for start, end, label in side]] for side in (one, other)
        )
        found = Evaluator(true, made, tags=LABELS, loader="dict").evaluate()["overall"]
        cases.append({"one": one, "other": other, "strict": found["strict"].f1, "exact": found["exact"].f1})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    print(f'{{"made_with":"nervaluate 1.2.1, spans_oracle.py","cases":[\n{lines}\n]}}')


if __name__ == "__main__":
    main()

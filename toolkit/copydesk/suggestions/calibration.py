"""Scores of suggesters go in, shares of suggestions that hold come out, as they were measured against agreed labels."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Steps = Sequence[tuple[float, float]]  # from which score on, and which share held; both grow


@dataclass(frozen=True, slots=True)
class Calibration:
    """By suggester and label, the share that held of what scored so much; a score of which nothing is known stays as it is."""

    steps: Mapping[str, Mapping[str, Steps]] = field(default_factory=dict)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Calibration:
        """Make it of what ``as_dict`` gave."""
        return cls(data["steps"])

    def as_dict(self) -> dict[str, Any]:
        """Give it as one JSON object."""
        return {"steps": self.steps}

    def score(self, suggester: str, label: str, score: float) -> float:
        """Give the share of such suggestions that held."""
        steps = self.steps.get(suggester, {}).get(label)
        if not steps:
            return score
        at = bisect_right(steps, score, key=lambda step: step[0]) - 1
        return steps[max(at, 0)][1]

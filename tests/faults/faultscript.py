"""What happens in one run, made of a number alone: its steps, and the faults that its requests meet."""

from __future__ import annotations

import random
from dataclasses import dataclass

from faultproxy import FAULTS, Fault

SUDDEN = tuple(kind for kind in FAULTS if kind != "kill")


@dataclass(frozen=True, slots=True)
class Script:
    """What happens in a run: the steps, and what each ``every``-th request of a command meets, in turn, until all is met.

    With ``writes`` requests that change nothing are let through, and not counted.
    """

    seed: int
    every: int
    writes: bool
    faults: tuple[Fault, ...]
    steps: tuple[str, ...]

    @classmethod
    def of(cls, seed: int) -> Script:
        """Make the script of a seed; every twentieth kills the server."""
        dice = random.Random(seed)
        faults = [
            Fault(
                dice.choice(SUDDEN), at=dice.choice([0, dice.randrange(40), dice.randrange(4000)]), seconds=_held(dice)
            )
            for _ in range(dice.randint(4, 10))
        ]
        if seed % 20 == 7:
            faults.insert(dice.randrange(4), Fault("kill", seconds=dice.choice([0.0, 0.02, 0.05, 0.1, 0.2])))
        steps = ["push", "annotate", "pull", "more", "push", "annotate", "annotate", "pull"]
        for _ in range(dice.randint(0, 3)):
            steps.insert(dice.randrange(1, len(steps)), dice.choice(["push", "annotate", "pull"]))
        writes = dice.random() < 0.5
        return cls(seed, dice.choice([1, 2] if writes else [2, 3, 3, 4, 5]), writes, tuple(faults), tuple(steps))


def _held(dice: random.Random) -> float:
    """Give a time to hold something back: within the client's patience, about at its end, or beyond it."""
    return round(dice.choice([dice.uniform(0.05, 0.3), dice.uniform(0.9, 1.4), dice.uniform(2.2, 3.2)]), 2)

"""Whatever the network and the server do between push and pull, the workspace ends equal to the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import faultrun
import pytest

pytestmark = pytest.mark.studio

SEEDS, BLOCK = 500, 50
SAMPLE = (5, 20, 27, 32)  # among them the kill of the server


def runs(desk: Any, seeds: Any, tell: Callable[[str, object], None]) -> Counter[str]:
    """Do the runs of these seeds, none of which may go wrong; gives how often each fault was met."""
    with faultrun.in_small(desk):
        lines = [faultrun.done(desk, seed) for seed in seeds]
    met = Counter(fault.split()[0] for line in lines for fault in line["met"])
    well = sum(not line["fault"] for line in lines)
    tell("runs", f"{well} of {len(lines)} runs ended equal to the server; faults met: {sum(met.values())}")
    tell("faults", ", ".join(f"{kind} {times}" for kind, times in sorted(met.items())))
    assert [line["fault"] for line in lines if line["fault"]] == []
    return met


def test_after_a_sample_of_faulty_runs_every_task_and_label_is_there_once(
    desk: Any, record_property: Callable[[str, object], None]
) -> None:
    met = runs(desk, SAMPLE, record_property)
    assert "kill" in met
    assert len(met) >= 12  # kinds; slow answers and tries again shift which request meets what


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_after_every_faulty_run_every_task_and_label_is_there_once(
    desk: Any, first: int, record_property: Callable[[str, object], None]
) -> None:
    runs(desk, range(first, first + BLOCK), record_property)

"""The engines on one machine: order, losses, errors, and that nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copydesk.engines import EngineOptions, run
from copydesk.errors import ConfigError, EngineError

TWO = EngineOptions("processes", workers=2, seconds=1.0)
EACH = pytest.mark.parametrize("options", [TWO, EngineOptions("inline")], ids=["processes", "inline"])


@EACH
def test_results_come_in_the_order_of_the_items(chores: ModuleType, options: EngineOptions) -> None:
    assert list(run(chores.double, list(range(23)), options=options)) == [2 * item for item in range(23)]


@EACH
def test_no_items_give_no_results(chores: ModuleType, options: EngineOptions) -> None:
    assert list(run(chores.double, [], options=options)) == []


@EACH
def test_an_error_of_copydesk_comes_out_as_it_is(chores: ModuleType, options: EngineOptions) -> None:
    with pytest.raises(ConfigError, match=r"item 1 is wrong \(fix: correct it\)"):
        list(run(chores.refuses, [1, 2], options=options))


def test_an_engine_that_there_is_not_is_named(chores: ModuleType) -> None:
    with pytest.raises(ConfigError, match=r"no engine 'cloud'.*processes, inline, spark"):
        run(chores.double, [1], options=EngineOptions("cloud"))


@pytest.mark.parametrize(("what", "how"), [("die", "died"), ("hang", "hung"), ("fail", "died")])
def test_a_place_where_a_process_is_lost_is_left_out_and_its_neighbours_are_not(
    chores: ModuleType, what: str, how: str
) -> None:
    items: list[dict[str, Any]] = [{}, {what: [3, 8]}, {}, {}]
    results = list(run(chores.places, items, options=TWO))
    assert [one["done"] for one in results] == [
        list(range(10)),
        [0, 1, 2, 4, 5, 6, 7, 9],
        list(range(10)),
        list(range(10)),
    ]
    assert [one["lost"] for one in results] == [{}, {3: how, 8: how}, {}, {}]


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="this system does not say how much memory a process has"
)
def test_a_process_that_has_grown_too_large_is_replaced_between_two_items(chores: ModuleType) -> None:
    results = list(run(chores.grows, list(range(8)), options=EngineOptions("processes", workers=1)))
    assert [item for item, _, _ in results] == list(range(8))
    assert max(times for _, _, times in results) <= 3
    assert len({process for _, process, _ in results}) >= 3


def test_work_is_done_by_as_many_processes_as_were_asked_for_and_by_none_of_ours(chores: ModuleType) -> None:
    pids = {one["pid"] for one in run(chores.places, [{}] * 40, options=TWO)}
    assert os.getpid() not in pids
    assert 1 <= len(pids) <= 2


def test_a_process_that_is_killed_from_outside_is_replaced_and_its_item_is_done_again(
    chores: ModuleType, tmp_path: Path
) -> None:
    marks = [str(tmp_path / str(number)) for number in range(5)]
    assert list(run(chores.dies_once, marks, options=TWO)) == ["done"] * 5


def test_an_item_that_kills_every_process_without_a_place_is_an_error_and_not_for_ever(chores: ModuleType) -> None:
    with pytest.raises(EngineError, match="works on 7 ended with exit code -9 time and again"):
        list(run(chores.dies_nowhere, [7], options=TWO))


def test_no_process_stays_when_the_results_are_no_longer_wanted(chores: ModuleType, tmp_path: Path) -> None:
    results = run(chores.places, [{}, {"hang": [0]}, {}], options=EngineOptions("processes", workers=3, seconds=3600))
    first = next(results)
    results.close()  # type: ignore[attr-defined]
    assert _gone(first["pid"])


def test_workers_end_with_the_process_that_started_them_even_if_that_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import chores; from copydesk.engines import *;"
        "list(run(chores.stays, [sys.argv[2]], options=EngineOptions('processes', 1, 60.0)))"
    )
    started = subprocess.Popen([sys.executable, "-c", program, str(Path(__file__).parent), str(mark)])
    worker = _read(mark)
    started.send_signal(signal.SIGKILL)
    started.wait()
    assert _gone(worker)


def _read(mark: Path) -> int:
    for _ in range(600):
        if mark.exists() and mark.read_text("ascii"):
            return int(mark.read_text("ascii"))
        time.sleep(0.1)
    raise AssertionError("no worker began")


def _gone(pid: int) -> bool:
    """Whether the process ends within a minute."""
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@EACH
def test_how_much_is_done_is_told_meanwhile_and_never_more_than_there_is(
    chores: ModuleType, options: EngineOptions
) -> None:
    told: list[int] = []
    assert list(run(chores.tells, [60, 40], options=options, heard=told.append)) == [60, 40]
    assert len(told) > 2
    assert 0 < max(told) <= 100


def test_workers_that_end_before_they_begin_are_an_error_and_cost_no_item() -> None:
    """A script that is read from a pipe cannot be read again by the processes that it starts."""
    script = (
        "from copydesk.engines import EngineOptions, run\n"
        "options = EngineOptions(name='processes', workers=1, seconds=5.0, master='')\n"
        "list(run(print, [1, 2], options=options, heard=lambda much: None))\n"
    )
    done = subprocess.run([sys.executable, "-"], check=False, input=script, capture_output=True, text=True, timeout=100)
    assert "EngineError: the process that works on 1 ended" in done.stderr

"""Rules of what is printed: bars and tables fit the terminal, elsewhere there are plain lines, and no rate is made up."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len

from copydesk.cli.progress import amount, pace

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
WORK = """
import time
from copydesk.cli.progress import progress_shown
with progress_shown(as_json=False) as progress:
    for done in range(0, 13):
        progress("reading articles (bytes)", done * 1_000_000, 12_000_000)
        time.sleep(0.15)
print("done")
"""
TABLE = """
from copydesk.cli.terminal import print_rows
print_rows([["news-entities", 12_345, "a sentence of some length, with a \\x1b[31mcolour"], ["中文", 7, "x" * 50]],
           heads=("schema", "count", "what"), numbers=("count",))
"""


@pytest.mark.parametrize(
    ("done", "total", "seconds", "said"),
    [
        (1_500_000, 12_000_000, 3.0, "1.5 MB of 12.0 MB, 500 kB/s, 21 s left"),
        (999_999_999, 0, 10.0, "1.0 GB, 100 MB/s"),
        (5, 12_000_000, 0.5, "5 B of 12.0 MB"),
        (0, 12_000_000, 60.0, "0 B of 12.0 MB"),
        (12_000_000, 12_000_000, 12.0, "12.0 MB of 12.0 MB, 1.0 MB/s"),
    ],
)
def test_a_rate_is_what_was_done_by_the_time_it_took_and_none_where_that_is_chance(
    done: int, total: int, seconds: float, said: str
) -> None:
    assert pace("reading articles (bytes)", done, total, seconds=seconds) == said


@pytest.mark.parametrize(
    ("done", "total", "seconds", "said"),
    [
        (12, 4_000, 3.0, "12 of 4,000, 4/s, 16 min 37 s left"),
        (1_200, 0, 10.0, "1,200, 120/s"),
        (1, 9_000, 3.0, "1 of 9,000, 0.33/s, 7 h 29 min left"),
    ],
)
def test_what_is_no_bytes_is_counted(done: int, total: int, seconds: float, said: str) -> None:
    assert pace("push", done, total, seconds=seconds) == said


def test_no_amount_of_bytes_is_rounded_into_a_unit_that_it_is_under() -> None:
    told = [amount(number, of_bytes=True) for number in (0, 999, 1_000, 99_499, 99_501, 999_499, 999_500, 10**15)]
    assert told == ["0 B", "999 B", "1.0 kB", "99.5 kB", "100 kB", "999 kB", "1.0 MB", "1000 TB"]


@pytest.mark.parametrize("columns", [40, 80])
def test_a_bar_keeps_to_one_line_tells_the_rate_and_goes_away(terminal: Callable[..., Any], columns: int) -> None:
    shown = terminal(program=WORK, columns=columns)
    assert shown.end() == 0
    pictures = [ESCAPE.sub("", each) for each in shown.heard.partition("done")[0].replace("\n", "").split("\r")]
    assert max(map(cell_len, pictures)) <= columns
    assert any(each.startswith("reading articles") and "MB/s, 1 s left" in each for each in pictures)
    assert "\n" not in shown.heard.partition("done")[0].strip(), "each picture stands where the last one was"
    assert pictures[-1] == "", "and the last one is gone"


def test_in_a_pipe_short_work_is_silent() -> None:
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_table_fits_the_width_and_loses_nothing(terminal: Callable[..., Any], columns: int) -> None:
    shown = terminal(program=TABLE, columns=columns)
    assert (shown.end(), shown.widest <= columns) == (0, True)
    assert "".join(shown.lines).count("x") == 50 + 1, "of the escape that was made harmless one"
    assert "\\x1b[31m" in shown.heard if columns > 40 else True


def test_in_a_pipe_a_table_is_a_line_for_each_row() -> None:
    done = subprocess.run([sys.executable, "-c", TABLE], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "news-entities  12345  a sentence of some length, with a \\x1b[31mcolour"
    assert lines[1].split() == ["中文", "7", "x" * 50]

"""How far long work is, and how fast it goes: bars on a screen, a line now and then elsewhere, nothing beside JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING

import click

from copydesk.cli.terminal import console, is_plain
from copydesk.model.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import Task, TaskID

LINE_SECONDS = 5.0
_BYTES = " (bytes)"  # how work says that it counts bytes
_UNITS = ("B", "kB", "MB", "GB", "TB")
_RATE_SECONDS = 1.0  # over less than that a rate is chance
_NARROW = 60  # columns


@contextmanager
def progress_shown(*, as_json: bool) -> Iterator[Progress]:
    """Give a progress callback: a bar on a terminal, a line every few seconds elsewhere, nothing with ``--json``.

    The callback takes what is being done, how much is done, and of how much (0 where that is not known).
    """
    if as_json:
        yield _silent
    elif is_plain(sys.stderr):
        yield _lines()
    else:
        yield from _bars()


def _silent(_what: str, _done: int, _total: int) -> None:
    """Say nothing."""


def amount(number: float, *, of_bytes: bool) -> str:
    """Write how much is done: bytes in the units of a thousand that fit, other things as a whole number."""
    if not of_bytes:
        return f"{number:,.0f}"
    power = 0
    while number >= 999.5 and power < len(_UNITS) - 1:
        number, power = number / 1000, power + 1
    return f"{number:.{1 if power and number < 99.5 else 0}f} {_UNITS[power]}"


def pace(what: str, done: int, total: int, *, seconds: float) -> str:
    """Say how much is done and, once that is no chance any more, how fast and how much longer it takes at that rate."""
    of_bytes = what.endswith(_BYTES)
    told = amount(done, of_bytes=of_bytes) + (f" of {amount(total, of_bytes=of_bytes)}" if total else "")
    if seconds < _RATE_SECONDS or not done:
        return told
    rate = done / seconds
    told += f", {amount(rate, of_bytes=True) if of_bytes else _rate(rate)}/s"
    return told + (f", {_duration((total - done) / rate)} left" if total > done else "")


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _bars() -> Iterator[Progress]:
    """Bars that go away when their work is done, so that what is printed afterwards stands alone."""
    bars = _columns()
    running: dict[str, TaskID] = {}

    def show(what: str, done: int, total: int) -> None:
        if what not in running:
            running[what] = bars.add_task(what, total=total or None)
        bars.start()
        bars.update(running[what], completed=done, total=total or None)
        if total and done >= total:
            bars.remove_task(running.pop(what))
        if not running:
            bars.stop()

    try:
        yield show
    finally:
        bars.stop()


def _columns() -> Bars:
    """What is being done, the bar, and the pace; on a narrow terminal the bar is left out."""
    from rich.progress import BarColumn, ProgressColumn
    from rich.progress import Progress as Bars
    from rich.table import Column
    from rich.text import Text

    class Pace(ProgressColumn):
        def render(self, task: Task) -> Text:
            told = pace(task.description, int(task.completed), int(task.total or 0), seconds=task.elapsed or 0)
            if narrow and task.total:
                told = told.partition(", ")[2]  # the share says how much is done
            return Text(told, no_wrap=True, overflow="ellipsis")

    class What(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(task.description.removesuffix(_BYTES), no_wrap=True, overflow="ellipsis")

    class Share(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.percentage:>3.0f}%" if task.total else "")

    out = console(sys.stderr)
    narrow = out.width < _NARROW
    bar = () if narrow else (BarColumn(bar_width=None, table_column=Column(ratio=1)),)
    return Bars(What(), *bar, Share(), Pace(), console=out, transient=True, expand=not narrow)


def _lines() -> Progress:
    """A line every few seconds, so that a log shows that work goes on and short work stays silent."""
    told = time.monotonic()
    begun: dict[str, float] = {}

    def show(what: str, done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        start = begun.setdefault(what, now)
        if now - told >= LINE_SECONDS:
            told = now
            click.echo(f"{what.removesuffix(_BYTES)}: {pace(what, done, total, seconds=now - start)}", err=True)

    return show

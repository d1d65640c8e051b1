"""Where the work stands goes in, a picture of it for the terminal's size comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from copydesk.cli.terminal import plain

if TYPE_CHECKING:
    from rich.console import Console

    from copydesk.flow.overview import Overview, Pace, Person, Step

_WIDE, _NARROW = 100, 60  # columns from which there is room for every column, and under which there is room for few
_BARS = " ▁▂▃▄▅▆▇█"


def picture(view: Overview, out: Console, *, title: str, now: datetime) -> Group:
    """Draw the line, the pace and as many people as there is room for; where the line is too long, only where something waits."""
    head = Text(f"{plain(title)}   {now:%H:%M}   q leaves", style="bold", overflow="ellipsis", no_wrap=True)
    for least in (0, 1):
        main = Group(head, _line(view, out.width, least_waiting=least), _pace(view.pace))
        room = out.height - len(out.render_lines(main)) - 3  # the blank line, the heads and their rule
        if room >= -3:
            break
    return Group(main, *_people(view.people, room, now=now))


def _line(view: Overview, width: int, *, least_waiting: int) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True)
    table.add_column("step", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    if width >= _NARROW:
        table.add_column("", ratio=2)
    table.add_column("waiting", ratio=3)
    for schema, steps in [("", view.shared), *view.under.items()]:
        if len(view.under) > 1 and schema:
            table.add_row(Text(plain(schema), style="bold", overflow="ellipsis"))
        for step in (one for one in steps if len(one.waiting) >= least_waiting):
            cells = _cells(step, with_next=width >= _WIDE)
            table.add_row(*(cells if width >= _NARROW else [*cells[:2], cells[3]]))
    return table


def _cells(step: Step, *, with_next: bool) -> list[Text]:
    told = (f"{one.count:,} {one.what}" + (f"  → {one.next}" if with_next else "") for one in step.waiting)
    return [
        Text(step.name),
        Text(f"{step.count:,}", style="bold"),
        Text(step.what, style="dim"),
        Text("\n".join(told), style="yellow"),
    ]


def _pace(pace: Pace) -> Text:
    most = max(pace.by_day, default=0) or 1
    bars = "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] for count in pace.by_day)
    told = f"{bars} annotations a day, {len(pace.by_day)} days to today: {pace.by_day[-1]:,} today, {pace.last_hour:,} in the last hour"
    if pace.left:
        told += f"; {pace.left:,} readings to go"
        told += f", {_days(pace.days_left)} at the last week's pace" if pace.days_left else ""
    return Text(f"\n{told}")


def _days(days: float) -> str:
    return f"{days:.0f} days" if days >= 1.5 else "about a day" if days > 0.5 else "less than a day"


def _people(people: Sequence[Person], room: int, *, now: datetime) -> Iterator[Table | Text]:
    if not people or room < 1:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("annotator", "documents", "today", "each", "last"):
        table.add_column(name, justify="left" if name == "annotator" else "right", no_wrap=True)
    shown = people if len(people) <= room else people[: room - 1]
    for one in shown:
        each = f"{one.lead_time / 60:.1f} min" if one.lead_time is not None else "-"
        last = (
            "-" if one.last is None else f"{one.last:%H:%M}" if one.last.date() == now.date() else f"{one.last:%d %b}"
        )
        table.add_row(Text(plain(one.annotator)), f"{one.documents:,}", f"{one.today:,}", each, last)
    yield Text("")
    yield table
    if len(shown) < len(people):
        yield Text(f"and {len(people) - len(shown)} more: copydesk people report", style="dim")

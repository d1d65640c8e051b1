"""The desk in, a picture of it for the terminal's size out: the line with what waits where, the pace, the people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from copydesk.cli.terminal import plain
from copydesk.report.desk import Labelling, Pace, Step, Waiting

_WIDE, _NARROW = 100, 60  # columns from which there is room for every column, and under which there is room for few
_BARS = " ▁▂▃▄▅▆▇█"
_FRAME = 3  # lines of a table beside its rows: a blank one before it, the heads and their rule


def picture(labellings: Sequence[Labelling], out: Console, *, title: str) -> Group:
    """Draw the line, the pace and as many people as there is room for; where the line is too long, only where something waits."""
    head = Text(f"{plain(title)}   q leaves", style="bold", overflow="ellipsis", no_wrap=True)
    for every_step in (True, False):
        line = _line(labellings, out.width, every_step=every_step)
        main = Group(head, line, "", *(_pace(one, named=len(labellings) > 1) for one in labellings))
        room = out.height - len(out.render_lines(main))
        if room >= 0:
            break
    return Group(main, *_people(labellings, room - _FRAME))


def _line(labellings: Sequence[Labelling], width: int, *, every_step: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True)
    table.add_column("step", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    if width >= _NARROW:
        table.add_column("", ratio=2)
    table.add_column("waiting", ratio=3)
    for number, labelling in enumerate(labellings):
        for step in labelling.steps:
            waiting = [one for one in labelling.waiting if one.step == step.name]
            if step.name == "tasks" and len(labellings) > 1:
                table.add_row(Text(plain(labelling.schema), style="bold"))
            if number and step.name in {"articles", "documents"}:
                continue  # they are the same under each schema
            if waiting or every_step:
                table.add_row(*_cells(step, waiting, width))
    return table


def _cells(step: Step, waiting: Sequence[Waiting], width: int) -> list[Text]:
    told = [
        f"{one.count:,} {one.what}" + (f"  → {one.command}" if one.command and width >= _WIDE else "")
        for one in waiting
    ]
    more = (
        [Text(", ".join([step.what, *(step.also if width >= _WIDE else ())]), style="dim")] if width >= _NARROW else []
    )
    return [Text(step.name), Text(f"{step.count:,}", style="bold"), *more, Text("\n".join(told), style="yellow")]


def _pace(labelling: Labelling, *, named: bool) -> Text:
    pace, name = labelling.pace, f"{plain(labelling.schema)}: " if named else ""
    most = max(pace.by_day.values(), default=0) or 1
    bars = "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] for count in pace.by_day.values())
    return Text(f"{name}{bars} {pace.a_day:,.1f} annotations a day, {_forecast(pace)}")


def _forecast(pace: Pace) -> str:
    if not pace.to_come:
        return "none to come"
    if pace.days is None or pace.between is None:
        return f"{pace.to_come:,} to come"
    least, most = pace.between
    return f"{pace.to_come:,} to come: {pace.days:,} days ({least:,} to {'?' if most is None else f'{most:,}'})"


def _people(labellings: Sequence[Labelling], room: int) -> Iterator[Table | Text]:
    rows = [(labelling.schema, one) for labelling in labellings for one in labelling.people]
    if not rows or room < 1:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("annotator", "done", "skipped", "each", "last"):
        table.add_column(name, justify="left" if name == "annotator" else "right", no_wrap=True)
    shown = rows if len(rows) <= room else rows[: room - 1]
    for schema, one in shown:
        name = one.name if len(labellings) == 1 else f"{one.name}, {schema}"
        each = f"{one.seconds / 60:.1f} min" if one.seconds is not None else "-"
        table.add_row(Text(plain(name)), f"{one.submitted:,}", f"{one.skipped:,}", each, one.last or "-")
    yield Text("")
    yield table
    if len(shown) < len(rows):
        yield Text(f"and {len(rows) - len(shown)} more: copydesk people report", style="dim")

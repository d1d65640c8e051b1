"""What is printed on: a terminal that takes colours and moves, or something that gets plain lines; and texts made harmless for both."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

import click

from copydesk.errors import CopydeskError

if TYPE_CHECKING:
    from rich.console import Console

# What joins letters and says the direction of a sign beside it: scripts need them, and they hide nothing.
_JOINERS = frozenset("\u200c\u200d\u200e\u200f")


def is_screen(stream: TextIO) -> bool:
    """Say whether a stream is a terminal whose cursor can be moved; a log of CI, a pipe and a dumb terminal are none."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def is_plain(stream: TextIO) -> bool:
    """Say whether a stream gets plain lines: it is no screen, or NO_COLOR is set (https://no-color.org)."""
    return not is_screen(stream) or bool(os.environ.get("NO_COLOR"))


def console(stream: TextIO | None = None) -> Console:
    """Give rich's console for a stream, by default standard output; it finds the width and, unless it is to be plain, the colours."""
    from rich.console import Console

    stream = stream or sys.stdout
    return Console(
        file=stream,
        force_terminal=is_screen(stream),
        color_system=None if is_plain(stream) else "auto",
        markup=False,
        highlight=False,
        emoji=False,
    )


def plain(text: str) -> str:
    """Escape the control characters of a text that others wrote: a terminal would obey them."""
    return text if text.isprintable() else "".join(map(_harmless, text))


def _harmless(sign: str) -> str:
    if sign.isprintable() or sign in "\n\t" or sign in _JOINERS or unicodedata.category(sign) == "Zs":
        return sign
    return repr(sign)[1:-1]


def print_error(error: CopydeskError, *, of: str = "") -> None:
    """Say on standard error what is wrong and where, what mends it, and the code that programs and the reference know it by.

    ``of`` names the stage that it is about, where there are several.
    """
    begin = f"copydesk: {of}: " if of else "copydesk: "
    if is_plain(sys.stderr):
        click.echo(plain(f"{begin}{error} [{error.code}]"), err=True)
        return
    click.echo(click.style(begin, fg="red", bold=True) + plain(error.message), err=True)
    for name, told in (("fix", error.fix), ("code", error.code)):
        if told:
            click.echo(click.style(f"  {name:<5}", bold=True) + plain(told), err=True)


def print_rows(rows: Iterable[Sequence[object]], *, heads: Sequence[str], numbers: Sequence[str] = ()) -> None:
    """Print rows as a table that fits the terminal's width; elsewhere a line for each row, and no heads.

    The columns that ``numbers`` names are set to the right.
    """
    told = [[plain(str(value)).replace("\n", "\\n") for value in row] for row in rows]
    if is_screen(sys.stdout):
        _print_table(told, heads, numbers)
        return
    widths = [max((len(row[at]) for row in told), default=0) for at in range(len(heads))]
    for row in told:
        cells = (
            value.rjust(width) if head in numbers else value.ljust(width)
            for value, width, head in zip(row, widths, heads, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


def _print_table(rows: Iterable[Sequence[str]], heads: Sequence[str], numbers: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head, justify="right" if head in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)

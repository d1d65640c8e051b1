"""A picture that is drawn anew whenever something changes fills the terminal, until q or Ctrl-C."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from copydesk.cli.terminal import console

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

SECONDS = 1.0  # between two looks


def fill_screen(picture: Callable[[Console], RenderableType], *, key: Callable[[], object]) -> None:
    """Show the picture until q, Ctrl-C or SIGTERM, and leave the terminal as it was.

    It is made and drawn again where ``key`` gives another value or the terminal another size, over the last one and without
    clearing it.
    """
    from rich.live import Live

    out = console()
    with until_told(), _pressed() as pressed, Live(console=out, screen=True, auto_refresh=False) as live:
        shown = None
        while pressed() not in {"q", "Q"}:
            now = key(), out.size
            if now != shown:
                shown = now
                live.update(picture(out), refresh=True)


@contextmanager
def until_told() -> Iterator[None]:
    """Do the block until it ends, or is told to by Ctrl-C or SIGTERM, which is no error."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _pressed() -> Iterator[Callable[[], str]]:
    """Give what waits a little for a key and gives it, or nothing; no key where standard input is no terminal."""
    if not sys.stdin.isatty():
        yield lambda: _key(-1)
        return
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    try:
        tty.setcbreak(keyboard, termios.TCSADRAIN)  # what was typed before counts
        mode = termios.tcgetattr(keyboard)
        mode[6][termios.VSUSP] = b"\0"  # no key: whoever stopped us by Ctrl-Z would sit before a picture
        termios.tcsetattr(keyboard, termios.TCSADRAIN, mode)
        yield lambda: _key(keyboard)
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _key(keyboard: int) -> str:
    ready, _, _ = select.select([keyboard] if keyboard >= 0 else [], [], [], SECONDS)
    return os.read(keyboard, 1).decode("ascii", "replace") if ready else ""

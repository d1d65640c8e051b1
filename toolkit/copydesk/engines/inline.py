"""Work is done here, one item after the other: nothing watches over it, and what kills it kills the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from copydesk.engines.watch import Watch

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(work: Callable[[Item, Watch], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Do the work on every item, in this process."""
    return (work(item, Watch()) for item in items)

"""Work is done here, one item after the other: nothing watches over it, and what kills it kills the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from copydesk.engines.watch import Watch

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(
    work: Callable[[Item, Watch], Result], items: Sequence[Item], *, heard: Callable[[int], None]
) -> Iterator[Result]:
    """Do the work on every item, in this process; ``heard`` is told how much of the one under way is done."""
    return (work(item, Watch(did=heard)) for item in items)

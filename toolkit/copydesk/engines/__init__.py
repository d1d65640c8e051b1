"""Where stages run, and nothing of what they do: work and items go in, results come out in the order of the items.

Work is a function of one item and a ``Watch``. It has to be a function that other processes can import, and what it leaves on
disk has to be the same however often it is done: an engine does an item again where it was lost half-way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from copydesk.engines import inline, processes, spark
from copydesk.engines.watch import Watch
from copydesk.errors import ConfigError

ENGINES = ("processes", "inline", "spark")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Which engine, and how.

    ``workers`` is how many processes work at once; 0 is one for each processor. ``seconds`` is how long the work may stay at one
    place (see ``Watch``) before it counts as lost there. ``master`` is Spark's; empty is what Spark itself was told.
    """

    name: str = "processes"
    workers: int = 0
    seconds: float = 60.0
    master: str = ""


def _unheard(_much: int) -> None:
    """Listen to nothing."""


def run(
    work: Callable[[Item, Watch], Result],
    items: Sequence[Item],
    *,
    options: EngineOptions,
    heard: Callable[[int], None] = _unheard,
) -> Iterator[Result]:
    """Do the work on every item and give the results in their order, each as soon as those before it are there.

    ``heard`` is told now and then how much of the items whose results are not given yet is done, in the work's own unit (see
    ``Watch.did``); on a cluster it is told nothing.
    Raises the work's own errors; EngineError where an item is lost again and again; MissingExtraError where the engine is not
    installed; ConfigError for an engine that there is not.
    """
    if options.name not in ENGINES:
        raise ConfigError(f"there is no engine {options.name!r}", fix=f"name one of {', '.join(ENGINES)}")
    if not items:
        return iter(())
    if options.name == "inline":
        return inline.run(work, items, heard=heard)
    if options.name == "processes":
        return processes.run(work, items, workers=options.workers, seconds=options.seconds, heard=heard)
    return spark.run(work, items, seconds=options.seconds, master=options.master)


__all__ = ["ENGINES", "EngineOptions", "Watch", "run"]

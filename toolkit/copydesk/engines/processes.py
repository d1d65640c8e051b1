"""Work is done in processes of this machine, which are watched: one that hangs is killed, one that died is replaced.

A worker that is lost takes nothing with it but the item that it was at, which is done again with the place where it was lost left
out. Workers end with the process that started them, however that ends.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from copydesk.engines.watch import How
from copydesk.engines.worker import Answer, serve
from copydesk.errors import EngineError

LOOK = 0.25  # seconds between two looks at workers that say nothing
AHEAD = 2  # items that a worker holds, so that it never waits for the next
TRIES = {
    "died": 2,
    "hung": 1,
}  # losses at one place before it is left out: what dies once may have been killed from outside
MOST_PLACES = 100  # that one item may lose: what goes on dying does not end

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Worker:
    """A process, the items that it was given and has not answered for, and where it was seen last."""

    process: BaseProcess
    connection: Connection
    alive: Connection  # closed with us: the worker ends then
    seen: Any  # shared memory: how often it told its place, the place, and how much of its item is done
    given: deque[int] = field(default_factory=deque)
    ticks: float = -1
    since: float = 0.0
    hung: bool = False


def run(
    work: Callable[[Item, Any], Result],
    items: Sequence[Item],
    *,
    workers: int,
    seconds: float,
    heard: Callable[[int], None],
) -> Iterator[Result]:
    """Do the work in ``workers`` processes (0: one for each processor that this process may use).

    ``heard`` is told now and then how much of the items whose results are not given yet is done (see ``Watch.did``).
    """
    pool = _Pool(work, items, workers=min(workers or _processors(), len(items)), seconds=seconds, heard=heard)
    try:
        yield from pool.results()
    finally:
        pool.close()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _context(work: Callable[..., Any]) -> ForkServerContext | SpawnContext:
    """Give the way to start processes: from a server that has loaded the work's modules, where the system has that."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    function = getattr(work, "func", work)  # of a partial
    context.set_forkserver_preload([function.__module__, *getattr(function, "loads", ())])
    return context


class _Pool:
    """The workers, and what is to be done, under way and done."""

    def __init__(
        self,
        work: Callable[..., Any],
        items: Sequence[Any],
        *,
        workers: int,
        seconds: float,
        heard: Callable[[int], None],
    ) -> None:
        self._work = work
        self._items = items
        self._seconds = seconds
        self._heard = heard
        self._context = _context(work)
        self._waiting: deque[int] = deque(range(len(items)))
        self._lost: dict[int, dict[int, How]] = {}
        self._losses: Counter[tuple[int, int]] = Counter()
        self._done: dict[int, Answer] = {}
        self._workers: list[_Worker] = []
        self._wanted = workers

    def results(self) -> Iterator[Any]:
        """Give the results in order, doing what comes next meanwhile."""
        for number in range(len(self._items)):
            while number not in self._done:
                self._fill()
                self._hear()
                self._look()
                self._tell()
            answer = self._done.pop(number)
            if answer.error is not None:
                raise answer.error
            yield answer.result

    def close(self) -> None:
        """End all workers, whatever they are at."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
            worker.alive.close()
        self._workers.clear()

    def _fill(self) -> None:
        """Have as many workers as there is work for, and give each what it can hold; the least busy first."""
        while len(self._workers) < self._wanted and len(self._waiting) > sum(not one.given for one in self._workers):
            self._workers.append(self._started())
        for depth in range(AHEAD):
            for worker in self._workers:
                if self._waiting and len(worker.given) == depth:
                    self._give(worker, self._waiting.popleft())

    def _started(self) -> _Worker:
        connection, theirs = self._context.Pipe()
        watched, alive = self._context.Pipe(duplex=False)
        seen = self._context.RawArray("d", 3)
        seen[1] = -1  # at no place: one that ends before it begins has met no article
        process = self._context.Process(target=serve, args=(self._work, theirs, watched, seen), daemon=True)
        process.start()
        theirs.close()
        watched.close()
        return _Worker(process, connection, alive, seen)

    def _give(self, worker: _Worker, number: int) -> None:
        worker.given.append(number)
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # it has died: that is met when it is listened to
            worker.connection.send((self._items[number], self._lost.get(number, {})))

    def _hear(self) -> None:
        """Wait for answers, and for workers that die."""
        by_handle: dict[Any, _Worker] = {worker.connection: worker for worker in self._workers}
        for handle in wait(list(by_handle), timeout=LOOK):
            worker = by_handle[handle]
            try:
                answer = worker.connection.recv()
            except (EOFError, ConnectionResetError):
                self._bury(worker)
            else:
                self._take(worker, answer)

    def _take(self, worker: _Worker, answer: Answer) -> None:
        number = worker.given.popleft()
        worker.ticks = -1
        worker.seen[2] = 0  # or it would count twice until the next item is begun
        self._done[number] = answer
        if answer.is_last:
            self._release(worker)

    def _look(self) -> None:
        """Kill the workers that have been at one place for too long."""
        now = time.monotonic()
        for worker in self._workers:
            if not worker.given:
                continue
            if worker.seen[0] != worker.ticks:
                worker.ticks, worker.since = worker.seen[0], now
            elif worker.seen[1] >= 0 and now - worker.since > self._seconds and not worker.hung:
                worker.hung = True
                worker.process.kill()

    def _tell(self) -> None:
        under_way = sum(worker.seen[2] for worker in self._workers if worker.given)
        self._heard(int(under_way + sum(answer.did for answer in self._done.values())))

    def _bury(self, worker: _Worker) -> None:
        """Let a dead worker go; the item that it was at is to leave out where it was."""
        given = worker.given.copy()
        self._release(worker)
        if given:
            self._note_loss(worker, given[0])

    def _release(self, worker: _Worker) -> None:
        """Let a worker go that has ended, or is about to; what it was given and has not begun is for another."""
        worker.process.join()
        self._workers.remove(worker)
        worker.connection.close()
        worker.alive.close()
        self._waiting.extendleft(reversed(worker.given))

    def _note_loss(self, worker: _Worker, number: int) -> None:
        place = int(worker.seen[1])
        how: How = "hung" if worker.hung else "died"
        lost = self._lost.setdefault(number, {})
        self._losses[number, place] += 1
        if self._losses[number, place] < TRIES[how]:
            return
        if place < 0 or len(lost) == MOST_PLACES:
            raise EngineError(
                f"the process that works on {self._items[number]} ended with exit code {worker.process.exitcode} time and again",
                fix="look for what kills it: too little memory, or a damaged installation",
            )
        lost[place] = how

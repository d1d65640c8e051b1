"""Tasks go in, shares of them come out: which project of several each is sent to, none of which grows beyond its limit.

Label Studio's lists become slow where a project has more than some 20,000 tasks. So a full project is left as it is, and what is
new goes to the next one, whose title has a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Generic, Protocol, TypeVar

LONGEST_TITLE = 50  # Label Studio takes 3 to 50 characters
_NUMBERED = re.compile(r"(?s).* \(([1-9]\d*)\)")


def numbered(title: str, number: int) -> str:
    """Give the title of the project of this number: the first has the title itself, the others ``TITLE (2)`` and so on."""
    if number == 1:
        return title
    suffix = f" ({number})"
    return f"{title[: LONGEST_TITLE - len(suffix)]}{suffix}"


def number_of(found: str, title: str) -> int:
    """Give the number of a project by its title; 0 where it is none of those that ``numbered`` gives."""
    if found == title:
        return 1
    match = _NUMBERED.fullmatch(found)
    number = int(match[1]) if match else 0
    return number if number > 1 and numbered(title, number) == found else 0


class Shared(Protocol):
    """A task that is sent."""

    @property
    def doc_id(self) -> str:
        """The document that it shows."""


Task = TypeVar("Task", bound=Shared)


class Shares(Generic[Task]):
    """Shares tasks out: the last project takes them until it has ``most``, and then one that ``opened`` gives.

    Tasks of one document that follow one another stay together, even where they are more than fit. ``project_id`` has ``held``
    tasks.
    """

    def __init__(self, project_id: int, held: int, *, most: int, opened: Callable[[], int]) -> None:
        self._project_id = project_id
        self._held = held
        self._most = most
        self._opened = opened
        self._last = ""

    def of(self, tasks: Sequence[Task]) -> Iterator[tuple[int, list[Task]]]:
        """Give the shares of a batch, each with the id of its project."""
        share: list[Task] = []
        for doc_id, own in groupby(tasks, key=lambda task: task.doc_id):
            group = list(own)
            if self._held and self._held + len(group) > self._most and doc_id != self._last:
                if share:
                    yield self._project_id, share
                self._project_id, self._held, share = self._opened(), 0, []
            share += group
            self._held += len(group)
            self._last = doc_id
        if share:
            yield self._project_id, share

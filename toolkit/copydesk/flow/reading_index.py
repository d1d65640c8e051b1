"""A workspace goes in, an index of its documents comes out, filled in a thread, page by page, and kept up to date while it is asked.

What is new in the workspace is looked for whenever somebody asks. Documents that came since are found once an index with them is
whole; until then the one before answers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import CopydeskError
from copydesk.flow.current import titles_in
from copydesk.flow.steps import Source, sources_of
from copydesk.model.progress import Say
from copydesk.report.search import Facts, Index, Listed, Place
from copydesk.store import Part
from copydesk.workspace import Workspace

_LISTED = ("doc_id", "source", "title", "publisher", "language", "published_at")


@dataclass(slots=True)
class Shelf:
    """An index, what it was made from, how many documents it is to hold, and whether all are in it."""

    index: Index
    made_from: object
    total: int = 0
    whole: bool = False


class Library:
    """The documents of a workspace, to be found. It reads while it is open, in a thread of its own."""

    def __init__(self, workspace: Workspace, *, say: Say) -> None:
        self.workspace = workspace
        self._say = say
        self._asked, self._closed = threading.Event(), threading.Event()
        self._listed = threading.Event()  # all documents are, without their words
        self._shelf = Shelf(Index(), None)
        self._facts: dict[str, object] = {}  # what those of each schema were made from
        self._thread = threading.Thread(target=self._work, name="library", daemon=True)

    def __enter__(self) -> Self:
        self._asked.set()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()
        self._asked.set()
        self._thread.join()
        self._shelf.index.close()

    def shelf(self) -> Shelf:
        """Give the index as it is; waits at the beginning until the documents are listed."""
        self._asked.set()
        self._listed.wait()
        return self._shelf

    def _work(self) -> None:
        while self._asked.wait() and not self._closed.is_set():
            self._asked.clear()
            try:
                self._renew()
            except CopydeskError as error:  # of a table that is being replaced: the next who asks has it looked at again
                self._say(f"documents are not indexed: {error}")
            self._listed.set()

    def _renew(self) -> None:
        now = _state(self.workspace)
        if now != self._shelf.made_from:
            before, shelf = self._shelf, Shelf(self._shelf.index if self._shelf.made_from is None else Index(), now)
            self._fill(shelf)
            if self._closed.is_set():
                return
            self._shelf = shelf
            if before.index is not shelf.index:
                before.index.close()
        self._set_facts(self._shelf.index)

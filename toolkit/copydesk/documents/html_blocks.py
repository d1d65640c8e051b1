"""HTML source in, its elements and its blocks of text out; every run of text knows where it stands in the source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Flag, auto
from functools import reduce
from operator import and_

from copydesk.documents.html_source import Token, tokens
from copydesk.documents.rules import html_names

_MARKS = re.compile(r"""(?:^|\s)(?:class|itemprop)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE)
_VISIBLE = re.compile(r"\S")


class Within(Flag):
    """What a run of text stands in."""

    NOTHING = 0
    SKIPPED = auto()
    FURNITURE = auto()
    ARTICLE = auto()
    TITLE = auto()  # h1
    HEADING = auto()  # h2 to h6
    ITEM = auto()
    QUOTE = auto()
    CAPTION = auto()
    CREDIT = auto()
    STRONG = auto()
    PARAGRAPH = auto()


@dataclass(frozen=True, slots=True)
class Run:
    """``source[start:end]`` stands between two tags and is ``visible`` or ``blank``; or it is a ``break`` (``<br>``)."""

    start: int
    end: int
    within: Within
    kind: str


@dataclass(slots=True)
class Block:
    """The runs of one block of text; ``node`` is the number of the element it stands in."""

    node: int
    runs: list[Run] = field(default_factory=list)

    @property
    def within(self) -> Within:
        """What all of its visible text stands in."""
        return reduce(and_, (run.within for run in self.runs if run.kind == "visible"))


@dataclass(frozen=True, slots=True)
class Page:
    """A page's blocks of visible text, and the parent of each element (elements are numbered in the order they begin)."""

    blocks: tuple[Block, ...]
    parents: tuple[int, ...]


def read_page(source: str) -> Page:
    """Walk the source; any source has a page, if an empty one. Linear in its length, whatever the nesting."""
    walker = _Walker(source)
    for token in tokens(source):
        walker.take(token)
    walker.flush()
    return Page(blocks=tuple(walker.blocks), parents=tuple(walker.parents))


class _Walker:
    """The open elements, and the block that is being filled."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.blocks: list[Block] = []
        self.parents: list[int] = [0]
        self._within: list[Within] = [Within.NOTHING]
        self._open: list[tuple[str, int]] = []
        self._count: dict[str, int] = {}
        self._block: Block | None = None
        self._visible = False

    def take(self, token: Token) -> None:
        if token.kind == "text":
            self._text(token)
        elif token.kind == "start":
            self._start(token)
        elif token.kind == "end":
            self._end(token)

    def flush(self) -> None:
        """End the block that is being filled; one of blanks alone is no block."""
        if self._block and self._visible:
            self.blocks.append(self._block)
        self._block = None
        self._visible = False

    @property
    def _node(self) -> int:
        return self._open[-1][1] if self._open else 0

    def _text(self, token: Token) -> None:
        within = self._within[self._node]
        if Within.SKIPPED in within:
            return
        visible = _VISIBLE.search(self.source, token.start, token.end) is not None
        self._add(Run(token.start, token.end, within, "visible" if visible else "blank"))
        self._visible = self._visible or visible

    def _add(self, run: Run) -> None:
        if self._block is None:
            self._block = Block(self._node)
        self._block.runs.append(run)

    def _start(self, token: Token) -> None:
        names = html_names()
        if token.name == "br":
            within = self._within[self._node]
            if self._block and Within.SKIPPED not in within:
                self._add(Run(token.start, token.end, within, "break"))
            return
        if token.name in names.block:
            self.flush()
            if self._count.get("p"):
                self._close("p")
        if token.name in names.void:
            return
        self.parents.append(self._node)
        self._within.append(self._within[self._node] | _meaning(token))
        self._open.append((token.name, len(self.parents) - 1))
        self._count[token.name] = self._count.get(token.name, 0) + 1

    def _end(self, token: Token) -> None:
        if token.name in html_names().block:
            self.flush()
        if self._count.get(token.name):
            self._close(token.name)

    def _close(self, name: str) -> None:
        closed = ""
        while closed != name:
            closed, _ = self._open.pop()
            self._count[closed] -= 1


_MEANINGS = {
    "h1": Within.TITLE,
    "li": Within.ITEM,
    "blockquote": Within.QUOTE,
    "figcaption": Within.CAPTION,
    "p": Within.PARAGRAPH,
}


def _meaning(token: Token) -> Within:
    """Give what an element adds to all that stands in it."""
    names = html_names()
    within = _MEANINGS.get(token.name, Within.NOTHING)
    groups = (
        (names.skipped | names.raw, Within.SKIPPED),
        (names.furniture, Within.FURNITURE),
        (names.article, Within.ARTICLE),
        (names.heading - {"h1"}, Within.HEADING),
        (names.strong, Within.STRONG),
    )
    for group, meaning in groups:
        if token.name in group:
            within |= meaning
    match = _MARKS.search(token.attributes)
    if match:
        said = (match.group(1) or match.group(2) or match.group(3) or "").lower()
        within |= Within.CAPTION if any(mark in said for mark in names.caption_marks) else Within.NOTHING
        within |= Within.CREDIT if any(mark in said for mark in names.credit_marks) else Within.NOTHING
        within |= Within.ARTICLE if "articlebody" in said else Within.NOTHING
    return within

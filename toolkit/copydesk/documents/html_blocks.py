"""HTML source in, its elements and its blocks of text out; every block knows where it stands in the source.

Only elements that stand on lines of their own, and those whose content is no text, are told apart here: the rest of the
markup lies inside the blocks, and is read (``read_runs``) only for the blocks that become text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import NamedTuple

from copydesk.documents.html_meaning import Within, meaning_of
from copydesk.documents.html_source import Token, end_names, markup_pattern, piece_pattern, tokens
from copydesk.documents.rules import html_names

MOST_NODES = 200_000  # elements of a page, if nobody says otherwise
PROSE = 40  # characters of a block that may be prose
LONGEST_PASSED = 4  # parts of the page: navigation that is longer than one of them is looked into
_PASSED = frozenset(["nav", "footer"])
LONGEST_BYLINE = 160  # characters of a byline or a credit
LONGEST_PROMO = 600  # characters of prose in what asks readers for something, or in a caption
_DOUBTED = Within.ASIDE | Within.BYLINE | Within.CREDIT | Within.CAPTION
_INLINE = r"(?:\s*+</?(?![aA][\s/>])[a-zA-Z][^>]*+>)*+"
# A block that is one link: its text stands alone among the markup within it.
_ALONE = re.compile(rf"\s*+<[aA]\s[^>]*+>{_INLINE}([^<>]*+){_INLINE}\s*+</[aA]>\s*+")
_MARKUP = re.compile(r"<(/?[aA](?=[\s/>]))?[^>]*+>", re.ASCII)  # a tag, and what it is to links: ``a``, ``/a``
_TAG = re.compile(r"<[^>]*+>")
_ANCHOR = re.compile(r"<(/?)[aA](?=[\s/>])[^>]*+>", re.ASCII)


class Run(NamedTuple):
    """``source[start:end]`` stands between two tags and is ``visible`` or ``blank``; or it is a ``break`` (``<br>``)."""

    start: int
    end: int
    within: int
    kind: str


@dataclass(slots=True)
class Block:
    """One block of text: stretches of the source (``spans``, with inline markup in them) in the element numbered ``node``.

    ``text`` is what is left of it without markup, white space as single spaces, character references as written;
    ``linked`` counts its characters that stand in links.
    """

    node: int
    spans: list[tuple[int, int]]
    text: str
    linked: int = 0


@dataclass(slots=True)
class Page:
    """A page's blocks of visible text and its elements, numbered in the order they begin: the parent of each, and what it means.

    ``within`` is of each element what it and all around it mean. ``unpaired`` is where quotation marks stop pairing up.
    ``full`` tells that the page has more elements than the limit; what comes after it was not read.
    """

    source: str
    blocks: list[Block] = field(default_factory=list)
    parents: list[int] = field(default_factory=lambda: [0])
    meanings: list[int] = field(default_factory=lambda: [0])
    within: list[int] = field(default_factory=list)
    unpaired: int = 0
    full: bool = False

    def sums(self, values: Sequence[int]) -> list[int]:
        """Give for each element the sum of ``values`` (one a block) over the blocks in it."""
        held = [0] * len(self.parents)
        for block, value in zip(self.blocks, values, strict=True):
            held[block.node] += value
        parents = self.parents
        for node in range(len(held) - 1, 0, -1):  # a parent begins before its children
            if held[node]:
                held[parents[node]] += held[node]
        return held

    def inside(self, node: int) -> range:
        """Give the numbers of an element and of all elements in it."""
        every = range(node + 1, len(self.parents))
        return range(node, next((later for later in every if self.parents[later] < node), len(self.parents)))

    def depth(self) -> int:
        """Give how many elements stand within each other at most."""
        depths = [0] * len(self.parents)
        for node in range(1, len(depths)):
            depths[node] = depths[self.parents[node]] + 1
        return max(depths)

    def sizes(self) -> list[int]:
        """Give for each element how many elements its subtree has: those numbered from its own number on."""
        sizes = [1] * len(self.parents)
        for node in range(len(sizes) - 1, 0, -1):
            sizes[self.parents[node]] += sizes[node]
        return sizes


def read_page(source: str, *, most_nodes: int = MOST_NODES) -> Page:
    """Walk the source; any source has a page, if an empty one. Linear in its length, whatever the nesting."""
    page = Page(source, unpaired=len(source))
    _Walker(page, most_nodes).walk()
    page.within = _inherited(page)
    return page


def read_runs(page: Page, block: Block) -> list[Run]:
    """Read the runs of one block, with what the inline elements in it mean."""
    inherited = page.within[block.node]
    source = page.source
    opened: list[tuple[str, int]] = []
    runs: list[Run] = []
    for start, end in block.spans:
        for token in tokens(source, start, end, paired=start < page.unpaired):
            kind, low, high, name, _ = token
            within = opened[-1][1] if opened else inherited
            if kind == "text":
                runs.append(Run(low, high, within, "blank" if source[low:high].isspace() else "visible"))
            elif kind == "other":
                continue
            elif name == "br" and kind == "start":
                runs.append(Run(low, high, within, "break"))
            else:
                _step(opened, token, within)
    return runs


def _step(opened: list[tuple[str, int]], token: Token, within: int) -> None:
    """Open or close an inline element that means something."""
    if token.kind == "start":
        means = meaning_of(token.name, token.attributes) & ~(Within.ASIDE | Within.BODY)
        if means or (opened and opened[-1][0] == token.name):
            opened.append((token.name, within | means))
    elif opened and opened[-1][0] == token.name:
        opened.pop()


class _Walker:
    """The element that is open, of those it stands in, and the block that is being filled."""

    def __init__(self, page: Page, most_nodes: int) -> None:
        self._page = page
        self._most = most_nodes
        self._names = [""]  # of all elements
        self._node = 0  # the innermost that is open
        self._count = dict.fromkeys(html_names().block | html_names().skipped, 0)  # of the open ones
        self._skipping = 0
        self._ends: dict[str, int] = {}  # where the next end tag of a name is that is passed over; -1 if there is none
        self._spans: list[tuple[int, int]] = []
        self._last = ""  # what the last of them holds, but for the blanks before it
        self._link = -1  # the element in which the open link began; -1 if none is open

    def walk(self) -> None:
        """Take every piece of the page, and the tag after it."""
        at = 0
        while at >= 0:
            at = self._walk_on(at)
        if self._spans:
            self._flush()

    def _walk_on(self, at: int) -> int:
        """Walk on from ``at``; give where to go on after what is passed over, or -1 at the end."""
        page, spans, count, tags, names = self._page, self._spans, self._count, _tags(), self._names
        parents, meanings = page.parents, page.meanings
        for match in piece_pattern(at < page.unpaired).finditer(page.source, at):
            raw, ends, slash, written_name, written = match.groups()
            if (raw or spans) and not self._skipping:
                spans.append((match.start(), match.end(1)))
                self._last = raw
            if ends:
                self._end(ends)
            if written_name is None:
                at = match.end()
                if match.start() < at:
                    continue
                return self._unpaired(at)
            name, kind = tags[written_name]
            if spans and kind != "skipped":
                self._flush()
            if slash:
                self._close(name)
            if slash or kind == "void":
                continue
            around = names[self._node]
            if kind == "skipped":
                self._skipping += 1
            elif around == "p" or (kind == "implied" and around == name):
                self._close(around)
            if len(parents) > self._most:
                page.full = True
                return -1
            parents.append(self._node)
            self._node = len(names)
            meanings.append(meaning_of(name, written))
            names.append(name)
            count[name] += 1
            passed = self._passed(name, match.end()) if name in _PASSED else 0
            if passed:
                return passed
        return -1

    def _unpaired(self, at: int) -> int:
        """Give up to believe that quotation marks pair up, unless the page ends; give where to go on, or -1."""
        if at == len(self._page.source):
            return -1
        assert at < self._page.unpaired
        self._page.unpaired = at
        return at

    def _passed(self, name: str, at: int) -> int:
        """Take what is navigation or a footer as one block that is not looked into; give where its end tag begins, or 0.

        A long one is looked into: its end tag may belong to another.
        """
        source = self._page.source
        end = self._ends.get(name, 0)
        if 0 <= end < at:  # found once for all that come before it
            end = self._ends[name] = source.find(f"</{name}>", at)
        if (
            self._skipping
            or end <= at
            or end - at > len(source) // LONGEST_PASSED
            or source.find(f"<{name}", at, end) >= 0
        ):
            return 0
        self._page.blocks.append(Block(self._node, [(at, end)], ""))
        return end

    def _end(self, written: str) -> None:
        """Take end tags that follow each other."""
        if self._spans:
            self._flush()
        for name in end_names(written):
            self._close(name)

    def _close(self, name: str) -> None:
        """Close the innermost element of a name that is open, if one is, and with it those in it and their link."""
        names, parents, count = self._names, self._page.parents, self._count
        if not count[name]:
            return
        node, closed = self._node, ""
        while closed != name:
            last, node = node, parents[node]
            closed = names[last]
            count[closed] -= 1
            if self._skipping and closed in html_names().skipped:
                self._skipping -= 1
        if self._link >= last:  # what stands in an element begins after it
            self._link = -1
        self._node = node

    def _flush(self) -> None:
        """End the block that is being filled; one without visible text is no block."""
        source, spans = self._page.source, self._spans
        raw = self._last if len(spans) == 1 else "".join([source[low:high] for low, high in spans])
        if "<" not in raw:
            text, linked = raw, 0 if self._link < 0 else len(raw)
        elif self._link < 0 and (alone := _ALONE.fullmatch(raw)):
            text = alone[1]
            linked = len(text)
        else:
            text, linked = self._read(raw)
        text = text.strip()
        if "  " in text or not text.isprintable():  # no other blank than the space is printable
            text = " ".join(text.split())
        if text and (text[0] != "&" or text.replace("&nbsp;", "").strip()):
            self._page.blocks.append(Block(self._node, spans.copy(), text, min(linked, len(text))))
        spans.clear()

    def _read(self, raw: str) -> tuple[str, int]:
        """Give a piece without its markup and its characters in links; remember whether a link stays open."""
        closed = raw.rfind(">") + 1  # a mark that nothing ends would be followed to the end of the piece, once for each
        parts = _MARKUP.split(raw[:closed])
        parts[-1] += raw[closed:]
        texts, marks = parts[::2], parts[1::2]
        text = "".join(texts)
        if ">" in text or "<!" in raw or raw.count("<") > len(marks):
            return self._read_unclean(raw)
        linked = at = 0
        for place, mark in enumerate(marks, start=1):
            if mark:
                if self._link >= 0:
                    linked += len("".join(texts[at:place]).strip())
                self._link = -1 if mark[0] == "/" else self._node
                at = place
        return text, linked + (len("".join(texts[at:]).strip()) if self._link >= 0 else 0)

    def _read_unclean(self, raw: str) -> tuple[str, int]:
        """Read a piece in which marks of markup stand in values, in comments or alone."""
        text = _plain(raw, self._spans[0][0] < self._page.unpaired)
        if self._link < 0:
            if "<a" not in raw and "<A" not in raw:
                return text, 0
            if _is_one_link(raw):
                return text, len(text.strip())
        linked = at = 0
        for match in _ANCHOR.finditer(raw, 0, raw.rfind(">") + 1):
            if self._link >= 0:
                linked += _shown(raw[at : match.start()])
            self._link = -1 if match.group(1) else self._node
            at = match.end()
        return text, linked + (_shown(raw[at:]) if self._link >= 0 else 0)


class _Tags(dict[str, tuple[str, str]]):
    """What a name that ends a piece does, as it may be written: its lower-case form, and the kind of it.

    A kind is ``block``, ``implied`` (a block that ends one like it), ``void`` or ``skipped``.
    """

    def __missing__(self, written: str) -> tuple[str, str]:
        self[written] = self[written.lower()]
        return self[written]


@cache
def _tags() -> _Tags:
    names = html_names()
    kinds = dict.fromkeys(names.block, "block") | dict.fromkeys(names.skipped, "skipped")
    kinds |= dict.fromkeys(names.implied, "implied") | dict.fromkeys(names.block & names.void, "void")
    return _Tags({name: (name, kind) for name, kind in kinds.items()})


def _is_one_link(raw: str) -> bool:
    """Whether a piece is one link and nothing beside it, which most pieces with a link are."""
    raw = raw.strip()
    return (
        raw.startswith("<a ") and raw.endswith("</a>") and raw.count("<a") == raw.count("/a>") == 1 and "<A" not in raw
    )


def _shown(raw: str) -> int:
    return len(_plain(raw, True).strip()) if "<" in raw else len(raw.strip())


def _plain(raw: str, paired: bool) -> str:
    """Give a piece without its markup."""
    if "<!" in raw or raw.count("<") != raw.count(">"):
        return markup_pattern(paired).sub("", raw)
    return _TAG.sub("", raw)


def _inherited(page: Page) -> list[int]:
    """Hand meanings down; a word that would make an aside of most of the page's text is the site's word for something else."""
    prose = page.sums([len(block.text) - block.linked if len(block.text) > PROSE else 0 for block in page.blocks])
    within = [0]
    for parent, means, size in islice(zip(page.parents, page.meanings, prose, strict=True), 1, None):
        mistaken = _mistaken(means, size, prose[0]) if size and means & _DOUBTED else 0
        within.append(within[parent] | (means & ~mistaken))
    return within


def _mistaken(means: int, prose: int, total: int) -> int:
    """Give what an element that holds ``prose`` of ``total`` letters cannot mean."""
    mistaken = 0
    if prose > LONGEST_BYLINE:
        mistaken |= Within.BYLINE | Within.CREDIT
    if prose > LONGEST_PROMO:
        mistaken |= Within.PROMO | Within.CAPTION
    if means & (Within.ARTICLE | Within.BODY):
        mistaken |= Within.FURNITURE | Within.COMMENT | Within.PROMO
    if prose * 3 > total:
        mistaken |= Within.FURNITURE | Within.RELATED | Within.PROMO
    if prose * 10 > total * 9:
        mistaken |= Within.COMMENT
    return mistaken

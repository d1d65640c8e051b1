"""A page's blocks in, those that are the article out; trafilatura decides, and its text is found again in the blocks.

trafilatura gives no offsets and drops captions. Its text is cut into overlapping runs of three words; a block of ours whose
runs are mostly among them is the article's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from copydesk.documents.html_blocks import Block, Page, Within
from copydesk.documents.html_source import tokens
from copydesk.documents.rules import html_names

if TYPE_CHECKING:
    from trafilatura.settings import Document as Extracted

SHINGLE = 3  # words
SHARE = 0.6  # of a block's shingles that have to be the article's
FURTHEST = 8  # elements
CONTAINER = 0.8  # of the article's characters that its container has to hold
_WORD = re.compile(r"\w+")
_ATTRIBUTE = re.compile(r"""([a-zA-Z:_.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_JSON_DATE = re.compile(r'"datePublished"\s*+:\s*+"([^"]{8,40})"')


@dataclass(frozen=True, slots=True)
class Choice:
    """The places of the blocks that are the article, in their order, and the rule by which the others were cut."""

    places: tuple[int, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of itself."""

    title: str | None = None
    url: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Sought:
    """The extractor's text, made to be found: its lines, and the shingles of all of them."""

    lines: set[str] = field(default_factory=set)
    shingles: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, text: str) -> None:
        words = _words(text)
        self.lines.add(" ".join(words))
        self.shingles.update(zip(*(words[start:] for start in range(SHINGLE)), strict=False))

    def holds(self, words: Sequence[str]) -> bool:
        if not words:
            return False
        if len(words) <= SHINGLE:
            return " ".join(words) in self.lines
        runs = list(zip(*(words[start:] for start in range(SHINGLE)), strict=False))
        return sum(run in self.shingles for run in runs) >= SHARE * len(runs)


def extract(source: str) -> Extracted | None:
    """Run trafilatura, so set that the same page gives the same text on every day and in every order."""
    from trafilatura import bare_extraction

    extracted = bare_extraction(
        source,
        fast=True,
        include_comments=False,
        include_tables=False,
        deduplicate=False,
        with_metadata=True,
        # Without a fixed latest date the answer would depend on today's.
        date_extraction_params={"original_date": True, "extensive_search": False, "max_date": "2100-01-01"},
    )
    assert not isinstance(extracted, dict)  # only `as_dict` gives one
    return extracted


def choose(page: Page, source: str, extracted: Extracted | None) -> Choice:
    """Give the blocks of the article: headings, text, and the captions among them.

    Where the extractor found nothing (rule ``html.no-extract``), the article is what stands in ``<article>`` or ``<main>``; failing
    that, everything that stands in no furniture of the page. The result may be empty.
    """
    texts = [_text(block, source) for block in page.blocks]
    words = [_words(text) for text in texts]
    sought = _sought(extracted)
    matched = [
        place
        for place, block in enumerate(page.blocks)
        if sought.holds(words[place]) and Within.CAPTION not in block.within
    ]
    if not matched:
        return Choice(places=_without_extractor(page), rule="html.no-extract")
    held = _held(page, matched, texts)
    sizes = _sizes(page)
    body = _once(page, matched, held, sizes, keys=[" ".join(listed) for listed in words])
    container = _container(held, sizes)
    title = _title(page, body, words, extracted)
    kept = {*body, *title}
    low, high = min(kept), max(kept)
    for place, block in enumerate(page.blocks):
        inside = low <= place <= high or block.node in container
        if inside and Within.CAPTION in block.within and Within.FURNITURE not in block.within:
            kept.add(place)
    return Choice(places=tuple(sorted(kept)), rule="html.boilerplate")


def read_facts(source: str, extracted: Extracted | None) -> Facts:
    """Give what the page says of itself: the hour of publication from its own markup, the rest by trafilatura."""
    published = _published(source)
    if extracted is None:
        return Facts(published_at=published)
    if published is None and extracted.date:
        published = _instant(extracted.date)
    return Facts(
        title=extracted.title or None,
        url=extracted.url or None,
        publisher=extracted.sitename or None,
        published_at=published,
    )


def _sought(extracted: Extracted | None) -> _Sought:
    sought = _Sought()
    if extracted is None or extracted.body is None:
        return sought
    for element in extracted.body.iter("p", "head", "quote", "item", "code", "ab", "list", "fw"):
        text = "".join("\n" if isinstance(part, str) and not part else str(part) for part in element.itertext())
        sought.add(text)
        for line in [element.text or "", *(child.tail or "" for child in element)]:
            sought.add(line)
    return sought


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _text(block: Block, source: str) -> str:
    parts = (" " if run.kind == "break" else source[run.start : run.end] for run in block.runs)
    return html.unescape("".join(parts))


def _without_extractor(page: Page) -> tuple[int, ...]:
    withins = [block.within for block in page.blocks]
    usable = [place for place, within in enumerate(withins) if Within.FURNITURE not in within]
    return tuple(place for place in usable if Within.ARTICLE in withins[place]) or tuple(usable)


def _held(page: Page, matched: Sequence[int], texts: Sequence[str]) -> list[int]:
    """Give, for each element, the characters of matched text that stand in it."""
    held = [0] * len(page.parents)
    for place in matched:
        held[page.blocks[place].node] += len(texts[place])
    for node in range(len(page.parents) - 1, 0, -1):  # a parent begins before its children
        held[page.parents[node]] += held[node]
    return held


def _sizes(page: Page) -> list[int]:
    """Give, for each element, how many elements its subtree has: those numbered from its own number on."""
    sizes = [1] * len(page.parents)
    for node in range(len(page.parents) - 1, 0, -1):
        sizes[page.parents[node]] += sizes[node]
    return sizes


def _container(held: Sequence[int], sizes: Sequence[int]) -> range:
    """Give the numbers of the elements of the smallest subtree that holds nearly all matched text."""
    node = max(number for number, characters in enumerate(held) if characters >= CONTAINER * held[0])
    return range(node, node + sizes[node])


def _once(
    page: Page, matched: Sequence[int], held: Sequence[int], sizes: Sequence[int], *, keys: Sequence[str]
) -> list[int]:
    """Leave out copies of a block that stand away from the article's text: teasers of its own sentences.

    The company of a block is the nearest element around it that holds other matched text as well. Company that holds
    every copy tells nothing; of the rest the one with the most text is the article, and its copies stay.
    """
    copies: dict[str, list[int]] = {}
    for place in matched:
        copies.setdefault(keys[place], []).append(place)
    dropped: set[int] = set()
    for places in copies.values():
        if len(places) > 1:
            nodes = [page.blocks[place].node for place in places]
            company = [_company(page, node, held) for node in nodes]
            low, high = min(nodes), max(nodes)
            telling = [node for node in company if not node <= low <= high < node + sizes[node]]
            best = max(telling, key=lambda node: held[node], default=None)
            dropped.update(place for place, node in zip(places, company, strict=True) if best not in {None, node})
    return [place for place in matched if place not in dropped]


def _company(page: Page, node: int, held: Sequence[int]) -> int:
    """Give the nearest element around ``node`` that holds more matched text than it does; looks up so far and no further."""
    alone = held[node]
    for _ in range(FURTHEST):
        if held[node] > alone:
            break
        node = page.parents[node]
    return node


def _title(page: Page, body: Sequence[int], words: Sequence[list[str]], extracted: Extracted | None) -> list[int]:
    """Find the ``<h1>`` before the text, where the extractor has left it out: one in the page's title, or else the nearest."""
    if any(Within.TITLE in page.blocks[place].within for place in body):
        return []
    before = [
        place
        for place in range(body[0])
        if Within.TITLE in page.blocks[place].within and Within.FURNITURE not in page.blocks[place].within
    ]
    title = set(_words(extracted.title or "")) if extracted else set()
    named = [place for place in before if words[place] and set(words[place]) <= title]
    return (named or before)[-1:]


def _published(source: str) -> datetime | None:
    """Read the time of publication from ``<meta>``, or from the page's JSON-LD."""
    said: dict[str, str] = {}
    for token in tokens(source):
        if token.kind == "start" and token.name == "meta":
            found = _attributes(token.attributes)
            name = found.get("property") or found.get("name") or found.get("itemprop") or ""
            said.setdefault(name.lower(), found.get("content", ""))
    values = [said[name] for name in html_names().published if name in said]
    values += [match.group(1) for match in _JSON_DATE.finditer(source)]
    return next((instant for value in values if (instant := _instant(value))), None)


def _attributes(written: str) -> Mapping[str, str]:
    return {
        match.group(1).lower(): html.unescape(match.group(2) or match.group(3) or match.group(4) or "")
        for match in _ATTRIBUTE.finditer(written)
    }


def _instant(written: str) -> datetime | None:
    """Read an ISO time; one without zone is UTC."""
    try:
        instant = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

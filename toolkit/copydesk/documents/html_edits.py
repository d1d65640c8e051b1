"""The chosen blocks of a page in, its text out as a draft: every tag, entity and blank that fell away is an edit."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache, reduce
from itertools import groupby
from operator import and_
from typing import NamedTuple

from copydesk.documents.draft import Draft
from copydesk.documents.html_blocks import Block, Page, Run, read_runs
from copydesk.documents.html_choice import Choice
from copydesk.documents.html_meaning import Within
from copydesk.model.document import Edit

# A character reference, or a run of white space that is not just one space (HTML's white space, not Unicode's: a no-break space
# is a character of the text).
_SPECIAL = re.compile(
    r"[& \t\n\r\f](?:(?<=&)(?:\#[0-9]{1,8}|\#[xX][0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{1,31});?"
    r"|(?<= )[ \t\n\r\f]++|(?<=[\t\n\r\f])[ \t\n\r\f]*+)"
)
_BLANKS = " \t\n\r\f"


class Part(NamedTuple):
    """A block in the draft's text, with what it stood in; ``credits`` are spans of the text."""

    start: int
    end: int
    within: int
    credits: tuple[tuple[int, int], ...] = ()


class _Piece(NamedTuple):
    """``source[start:end]`` gives ``text``; the rule says how, and is empty where they are the same."""

    start: int
    end: int
    text: str
    rule: str
    within: int


def html_draft(page: Page, choice: Choice) -> tuple[Draft, tuple[Part, ...]]:
    """Make the draft of the chosen blocks, one blank line apart, and tell where each block stands in its text.

    What lies between two of them is cut by the rule of the choice if other blocks lie there, else by ``html.markup``.
    """
    source = page.source
    edits: list[Edit] = []
    parts: list[Part] = []
    texts: list[str] = []
    at = length = 0
    expected = 0  # the place of the block that comes next in the page
    for place in choice.places:
        pieces, within = _read(page, page.blocks[place])
        if not pieces:
            continue
        joint = "\n\n" if parts else ""
        rule = choice.rule if place > expected else "html.markup"
        edits += _cut(source, at, pieces[0].start, inserted=joint, rule=rule)
        edits += _inside(source, pieces)
        texts += (joint, *[piece.text for piece in pieces])
        if place in choice.dated:
            within |= Within.BYLINE
        if place == choice.title:
            within = Within.TITLE
        part = _part(pieces, within, length + len(joint))
        parts.append(part)
        at, length, expected = pieces[-1].end, part.end, place + 1
    rule = choice.rule if expected < len(page.blocks) else "html.markup"
    edits += _cut(source, at, len(source), inserted="", rule=rule)
    return Draft(article=source, text="".join(texts), edits=tuple(edits)), tuple(parts)


def _read(page: Page, block: Block) -> tuple[list[_Piece], int]:
    """Give the pieces of a block's text, and what all of its visible text stands in."""
    if len(block.spans) == 1:
        start, end = block.spans[0]
        raw = page.source[start:end]
        text = raw.strip(_BLANKS)
        if text == block.text and "&" not in text:  # most paragraphs
            start += len(raw) - len(raw.lstrip(_BLANKS))
            within = page.within[block.node]
            return ([_Piece(start, start + len(text), text, "", within)] if text else []), within
    runs = read_runs(page, block)
    return _pieces(runs, page.source), reduce(and_, [run.within for run in runs if run.kind == "visible"], -1)


def _pieces(runs: Sequence[Run], source: str) -> list[_Piece]:
    """Give the pieces of a block's text: white space is one space, none at its ends or at a line break."""
    pieces: list[_Piece] = []
    for run in runs:
        if run.kind == "break":
            _trim(pieces, " ")
            pieces.append(_Piece(run.start, run.end, "\n", "html.line-break", run.within))
            continue
        at = run.start
        text = source[at : run.end]
        if "&" not in text and "  " not in text and text.isprintable():  # nothing in it is special
            _add(pieces, source, at, run.end, run.within)
            continue
        for match in _SPECIAL.finditer(source, run.start, run.end):
            start, end = match.span()
            _add(pieces, source, at, start, run.within)
            written = match.group()
            if written[0] != "&":
                if not _is_blank(pieces):
                    pieces.append(_Piece(start, end, " ", "html.whitespace", run.within))
            else:
                read = _referred(written)
                pieces.append(_Piece(start, end, read, "" if read == written else "html.entity", run.within))
            at = end
        _add(pieces, source, at, run.end, run.within)
    _trim(pieces, " \n")
    first = next((place for place, piece in enumerate(pieces) if piece.text != "\n"), len(pieces))
    return pieces[first:]


@lru_cache(maxsize=4_096)
def _referred(written: str) -> str:
    """Give what a character reference stands for."""
    return html.unescape(written)


def _add(pieces: list[_Piece], source: str, start: int, end: int, within: int) -> None:
    """Add text as it stands, without the space it begins with where there is one already."""
    if start < end and source[start] == " " and _is_blank(pieces):
        start += 1
    if start < end:
        pieces.append(_Piece(start, end, source[start:end], "", within))


def _is_blank(pieces: list[_Piece]) -> bool:
    """Whether what comes next is at the beginning of a line, or after a space."""
    if not pieces:
        return True
    last = pieces[-1]
    return last.rule != "html.entity" and last.text[-1] in " \n"


def _trim(pieces: list[_Piece], ends: str) -> None:
    """Take away the ``ends`` that the pieces end with; what a character reference said stays."""
    while pieces and pieces[-1].rule != "html.entity" and pieces[-1].text[-1] in ends:
        last = pieces.pop()
        if not last.rule and len(last.text) > 1:
            pieces.append(_Piece(last.start, last.end - 1, last.text[:-1], "", last.within))


def _inside(source: str, pieces: Sequence[_Piece]) -> list[Edit]:
    """Give the edits within one block."""
    edits: list[Edit] = []
    at = pieces[0].start
    for piece in pieces:
        if piece.start > at:
            edits.append(Edit(at, piece.start, source[at : piece.start], "", "html.markup"))
        if piece.rule:
            edits.append(Edit(piece.start, piece.end, source[piece.start : piece.end], piece.text, piece.rule))
        at = piece.end
    return edits


def _cut(source: str, start: int, end: int, *, inserted: str, rule: str) -> list[Edit]:
    return [Edit(start, end, source[start:end], inserted, rule)] if end > start or inserted else []


def _part(pieces: Sequence[_Piece], within: int, start: int) -> Part:
    """Tell where a block that stands in ``within`` and its credits stand in the text, which goes on at ``start``."""
    credits: list[tuple[int, int]] = []
    end = start + sum([len(piece.text) for piece in pieces])
    if any(piece.within & Within.CREDIT for piece in pieces):
        at = start
        for is_credit, group in groupby(pieces, key=lambda piece: bool(piece.within & Within.CREDIT)):
            text = "".join(piece.text for piece in group)
            if is_credit and text.strip():
                before = len(text) - len(text.lstrip())
                credits.append((at + before, at + len(text.rstrip())))
            at += len(text)
    return Part(start=start, end=end, within=within, credits=tuple(credits))

"""The chosen blocks of a page in, its text out as a draft: every tag, entity and blank that fell away is an edit."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import and_

from copydesk.documents.draft import Draft
from copydesk.documents.html_blocks import Page, Run, read_runs
from copydesk.documents.html_choice import Choice
from copydesk.documents.html_meaning import Within
from copydesk.model.document import Edit, apply_edits

# A character reference, or a run of white space that is not just one space (HTML's white space, not Unicode's: a no-break space
# is a character of the text).
_SPECIAL = re.compile(r"&(?:\#[0-9]{1,8}|\#[xX][0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{1,31});?|[ \t\n\r\f]+")
_BLANK = " \t\n\r\f"


@dataclass(frozen=True, slots=True)
class Part:
    """A block in the draft's text, with what it stood in; ``credits`` are spans of the text."""

    start: int
    end: int
    within: int
    credits: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Piece:
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
    at = length = 0
    expected = 0  # the place of the block that comes next in the page
    for place in choice.places:
        runs = read_runs(page, page.blocks[place])
        pieces = _pieces(runs, source)
        if not pieces:
            continue
        joint = "\n\n" if parts else ""
        rule = choice.rule if place > expected else "html.markup"
        edits += _cut(source, at, pieces[0].start, inserted=joint, rule=rule)
        edits += _inside(source, pieces)
        part = _part(pieces, runs, length + len(joint))
        parts.append(part)
        at, length, expected = pieces[-1].end, part.end, place + 1
    rule = choice.rule if expected < len(page.blocks) else "html.markup"
    edits += _cut(source, at, len(source), inserted="", rule=rule)
    return Draft(article=source, text=apply_edits(source, edits), edits=tuple(edits)), tuple(parts)


def _pieces(runs: Sequence[Run], source: str) -> list[_Piece]:
    """Give the pieces of a block's text: white space is one space, none at its ends or at a line break."""
    pieces: list[_Piece] = []
    blank = True  # what would come next is at the beginning of a line, or after a space
    for run in runs:
        for piece in _run_pieces(run, source):
            is_space = piece.rule == "html.whitespace" or piece.text == " " == source[piece.start : piece.end]
            if is_space and blank:
                continue
            if piece.text == "\n":
                _trim(pieces)
            pieces.append(piece)
            blank = is_space or piece.text == "\n"
    _trim(pieces, ends=" \n")
    first = next((place for place, piece in enumerate(pieces) if piece.text != "\n"), len(pieces))
    return pieces[first:]


def _trim(pieces: list[_Piece], *, ends: str = " ") -> None:
    while pieces and pieces[-1].rule != "html.entity" and pieces[-1].text in set(ends):
        pieces.pop()


def _run_pieces(run: Run, source: str) -> list[_Piece]:
    if run.kind == "break":
        return [_Piece(run.start, run.end, "\n", "html.line-break", run.within)]
    pieces = []
    at = run.start
    for match in _SPECIAL.finditer(source, run.start, run.end):
        written = match.group()
        start, end = match.span()
        if start > at:
            pieces.append(_Piece(at, start, source[at:start], "", run.within))
        if written[0] in _BLANK:
            pieces.append(_Piece(start, end, " ", "" if written == " " else "html.whitespace", run.within))
        else:
            read = html.unescape(written)
            pieces.append(_Piece(start, end, read, "" if read == written else "html.entity", run.within))
        at = end
    if run.end > at:
        pieces.append(_Piece(at, run.end, source[at : run.end], "", run.within))
    return pieces


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


def _part(pieces: Sequence[_Piece], runs: Sequence[Run], start: int) -> Part:
    """Tell where a block and its credits stand in the text, which goes on at ``start``."""
    credits: list[tuple[int, int]] = []
    end = start
    for is_credit, group in groupby(pieces, key=lambda piece: bool(piece.within & Within.CREDIT)):
        text = "".join(piece.text for piece in group)
        if is_credit and text.strip():
            before = len(text) - len(text.lstrip())
            credits.append((end + before, end + len(text.rstrip())))
        end += len(text)
    return Part(start=start, end=end, within=_shared(runs), credits=tuple(credits))


def _shared(runs: Sequence[Run]) -> int:
    """Give what all visible text of a block stands in."""
    return reduce(and_, (run.within for run in runs if run.kind == "visible"))

"""An article's text in, the same text after edits out, with every edit recorded over the article as it was.

Steps run one after the other, each on the text that the last one left; ``compose`` makes of two steps one list of
edits over the article, so that ``apply_edits(article, edits) == text`` and ``revert_edits(text, edits) == article``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.model.document import Edit, apply_edits


@dataclass(frozen=True, slots=True)
class Draft:
    """A text in the making: the article, the text so far, and the edits between them (sorted, not overlapping)."""

    article: str
    text: str
    edits: tuple[Edit, ...] = ()

    def then(self, edits: Sequence[Edit]) -> Draft:
        """Give the draft after further ``edits``, whose offsets point into ``self.text``."""
        if not edits:
            return self
        composed = compose(self.edits, edits, article=self.article, middle=self.text)
        return Draft(article=self.article, text=apply_edits(self.text, edits), edits=tuple(composed))


def shrunk(start: int, removed: str, inserted: str, *, rule: str) -> Edit:
    """Give the smallest edit at ``start`` that replaces ``removed`` by ``inserted``: without what both begin or end with."""
    low = 0
    shorter = min(len(removed), len(inserted))
    while low < shorter and removed[low] == inserted[low]:
        low += 1
    high = 0
    while high < shorter - low and removed[-1 - high] == inserted[-1 - high]:
        high += 1
    end = len(removed) - high
    return Edit(start + low, start + end, removed[low:end], inserted[low : len(inserted) - high], rule)


def compose(first: Sequence[Edit], second: Sequence[Edit], *, article: str, middle: str) -> list[Edit]:
    """Make one list of edits from ``article`` -> ``middle`` and from ``middle`` on; linear in the edits.

    Edits that touch the same characters of ``middle`` become one, whose rule names them all, joined by ``+``.
    """
    if not first:
        return list(second)
    composed: list[Edit] = []
    at = to = shift = 0
    while at < len(first) or to < len(second):
        if to == len(second) or (at < len(first) and _end(first[at], shift) <= second[to].start):
            composed.append(first[at])
            shift += _growth(first[at])
            at += 1
        elif at == len(first) or second[to].end <= first[at].start + shift:
            edit = second[to]
            composed.append(Edit(edit.start - shift, edit.end - shift, edit.removed, edit.inserted, edit.rule))
            to += 1
        else:
            meeting = _Meeting(first, second, at=at, to=to, shift=shift)
            composed.append(meeting.edit(article, middle))
            at, to, shift = meeting.at, meeting.to, meeting.shift
    return composed


class _Meeting:
    """The edits of both lists, from ``at`` and ``to`` on, that touch each other and have to become one."""

    def __init__(self, first: Sequence[Edit], second: Sequence[Edit], *, at: int, to: int, shift: int) -> None:
        self._low = min(first[at].start + shift, second[to].start)
        self._high = self._low
        self._start = self._low - shift
        self._firsts: list[Edit] = []
        self._seconds: list[Edit] = []
        self.at, self.to, self.shift = at, to, shift
        grown = True
        while grown:
            grown = self._take_first(first) or self._take_second(second)

    def _take_first(self, first: Sequence[Edit]) -> bool:
        if self.at == len(first) or not self._reaches(first[self.at].start + self.shift):
            return False
        self._high = max(self._high, _end(first[self.at], self.shift))
        self.shift += _growth(first[self.at])
        self._firsts.append(first[self.at])
        self.at += 1
        return True

    def _take_second(self, second: Sequence[Edit]) -> bool:
        if self.to == len(second) or not self._reaches(second[self.to].start):
            return False
        self._high = max(self._high, second[self.to].end)
        self._seconds.append(second[self.to])
        self.to += 1
        return True

    def _reaches(self, start: int) -> bool:
        return start < self._high or start == self._low

    def edit(self, article: str, middle: str) -> Edit:
        """Give the one edit that stands for all of them."""
        end = self._high - self.shift
        parts = [
            Edit(edit.start - self._low, edit.end - self._low, edit.removed, edit.inserted, edit.rule)
            for edit in self._seconds
        ]
        rules = dict.fromkeys(
            rule for edit in (*self._firsts, *self._seconds) for rule in edit.rule.split("+")
        )  # a set that keeps its order
        return Edit(
            start=self._start,
            end=end,
            removed=article[self._start : end],
            inserted=apply_edits(middle[self._low : self._high], parts),
            rule="+".join(rules),
        )


def moved(positions: Sequence[int], edits: Sequence[Edit]) -> list[int]:
    """Give where sorted ``positions`` of a text stand after ``edits``; what was cut moves to where it was cut."""
    found: list[int] = []
    at = shift = 0
    for position in positions:
        while at < len(edits) and edits[at].end <= position:
            shift += _growth(edits[at])
            at += 1
        inside = at < len(edits) and edits[at].start < position
        found.append((edits[at].start if inside else position) + shift)
    return found


def _growth(edit: Edit) -> int:
    return len(edit.inserted) - len(edit.removed)


def _end(edit: Edit, shift: int) -> int:
    """Give where the text that ``edit`` inserted ends, in the text after the edits."""
    return edit.start + shift + len(edit.inserted)

"""An older text of a document and its newest one go in; where each span of the older one stands now comes out.

The text of an article, as it came in, is older than its document: the edits that made the document say where a span went, and
nothing about that is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from copydesk.model.alignment import Alignment, align
from copydesk.model.anchor import Placed, place
from copydesk.model.document import Edit
from copydesk.studio.votes import Version


@dataclass(frozen=True, slots=True)
class Carry:
    """Carries spans over from ``made_on`` to the newest text; a span that several people drew is placed once.

    ``alignment`` is of the newest text with ``made_on``'s, or with what that became by its edits.
    """

    made_on: Version
    newest: Version
    alignment: Alignment
    _placed: dict[tuple[int, int], Placed] = field(default_factory=dict)

    @classmethod
    def over(cls, made_on: Version, newest: Version, became: Version | None = None) -> Carry:
        """Align the two texts; ``became`` is what an article's text became."""
        return cls(made_on, newest, align((became or made_on).text, newest.text))

    def place(self, start: int, end: int) -> Placed:
        """Place a span of the older text in the newest one."""
        found = self._placed.get((start, end))
        if found is None:
            found = self._placed[start, end] = self._place(start, end)
        return found

    def _place(self, start: int, end: int) -> Placed:
        if not self.made_on.became:
            return place(self.alignment, start, end)
        there = edited(start, end, self.made_on.edits)
        if there[0] >= there[1]:
            return Placed(-1, -1, "lost", 0.0, certain=False)
        placed = place(self.alignment, *there)
        return replace(placed, how="moved") if placed.how == "exact" and there != (start, end) else placed

    def fault(self, start: int, end: int) -> tuple[str, str] | None:
        """Say why a span waits for a person, as a reason and a sentence; None where its place is certain."""
        placed = self.place(start, end)
        if placed.certain:
            return None
        text = self.made_on.text
        made = f"{text[start:end][:80]!r} [{start}:{end}] of revision {self.made_on.revision}"
        newest = f"revision {self.newest.revision}"
        if placed.how == "lost":
            detail = f"{made} stands nowhere in {newest} (likeness {placed.score:.2f}; fix: push, and have it annotated anew)"
            return "anchor-lost", detail
        now = f"{self.newest.text[placed.start : placed.end][:80]!r} [{placed.start}:{placed.end}]"
        return (
            "anchor-fuzzy",
            f"{made} may be {now} of {newest}, score {placed.score:.2f} (fix: push, and have it checked)",
        )


def edited(start: int, end: int, edits: Sequence[Edit]) -> tuple[int, int]:
    """Say where ``[start:end]`` of a text stands after the edits, which are sorted; empty where all of it was cut.

    Where it begins or ends within what was replaced, the whole of what stands there instead belongs to it.
    """
    first, last = start, end
    for edit in edits:
        if edit.start >= end:
            break
        shift = len(edit.inserted) - (edit.end - edit.start)
        if edit.end <= start:
            first, last = first + shift, last + shift
            continue
        if edit.start < start:
            first -= start - edit.start
        last += shift if edit.end <= end else len(edit.inserted) - (end - edit.start)
    return first, last

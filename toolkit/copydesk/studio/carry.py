"""An older text of a document and its newest one go in; where each span of the older one stands now comes out."""

from __future__ import annotations

from dataclasses import dataclass, field

from copydesk.model.alignment import Alignment, align
from copydesk.model.anchor import Placed, place
from copydesk.studio.votes import Version


@dataclass(frozen=True, slots=True)
class Carry:
    """Carries spans over from ``made_on`` to the newest text; a span that several people drew is placed once."""

    made_on: Version
    newest: Version
    alignment: Alignment
    _placed: dict[tuple[int, int], Placed] = field(default_factory=dict)

    @classmethod
    def over(cls, made_on: Version, newest: Version) -> Carry:
        """Align the two texts."""
        return cls(made_on, newest, align(made_on.text, newest.text))

    def place(self, start: int, end: int) -> Placed:
        """Place a span of the older text in the newest one."""
        found = self._placed.get((start, end))
        if found is None:
            found = self._placed[start, end] = place(self.alignment, start, end)
        return found

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

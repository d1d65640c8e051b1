"""A task of an export goes in, what is odd about it comes out: counted by code, with the first place as an example.

What does not fit its text or the schema is rejected where labels are read, as after a pull. These are the rest: what is mended
on the way (white space at the edges of a region), what is kept and does not count (drafts), and what a person should know of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from copydesk.studio.exported import is_whole
from copydesk.studio.shown import without_astral
from copydesk.studio.whom import whom

SAID = {
    "edge-space": "regions begin or end with white space, which is trimmed",
    "quote-differs": "regions quote other words than stand at their offsets; the offsets count",
    "ground-truth": "annotations are marked as ground truth; they count as any other",
    "nothing-marked": "annotations mark nothing; they count as read and found empty",
    "not-annotated": "tasks have no annotation",
    "annotated-twice": "annotations are further ones by the same person on the same task; the one updated last counts",
    "left-out": "tasks have more annotations than the file tells of; none counts as deleted",
    "same-text": "tasks show the text of another task; they are one document here",
    "no-text": "tasks have no text that could be found; what is marked in them is kept and does not count",
    "draft": "drafts were not submitted; they are kept, and count nowhere",
    "draft-of-submitted": "of the drafts change an annotation that was submitted; what was submitted counts",
    "draft-untold": "drafts are named by number alone; their content is not in the file",
    "prediction": "predictions are no person's labels; they are passed over",
    "no-time": "annotations have no time that can be read; any other of the same person goes before them",
}
_VALUES = 200  # of one control that are told apart


@dataclass(frozen=True, slots=True)
class Found:
    """A kind of defect: how often it was found, and where first."""

    code: str
    count: int
    example: str

    @property
    def line(self) -> str:
        """The defect as a sentence."""
        return f"{self.code}: {self.count:,} {SAID.get(self.code, 'were rejected')} (for example {self.example})"


@dataclass(slots=True)
class Ledger:
    """What was found so far, and which controls and values the annotations use."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    controls: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    quotes: int = 0  # regions that quote what they mark
    strange: int = 0  # of these, the ones that quote other words than stand there, whatever its blanks
    fits: dict[str, int] = field(
        default_factory=dict
    )  # of those, how many quote what stands there in another text of the data

    def note(self, code: str, example: str) -> None:
        """Count one more."""
        self.counts[code] = self.counts.get(code, 0) + 1
        self.examples.setdefault(code, example)

    def look(self, task: Mapping[str, Any], text: str) -> None:
        """Look at a task, and at all that was made on it; ``text`` is what its offsets point into."""
        place = f"task {task['id']}"
        for code in _of_task(task, text):
            keys = (
                f", whose data has {', '.join(map(str, task['data']))[:200] or 'nothing'}" if code == "no-text" else ""
            )
            self.note(code, place + keys)
        seen = set()
        for one in task["annotations"]:
            here = f"{place}, annotation {one.get('id')}"
            who = whom(one.get("completed_by"))
            for code in _of_annotation(one):
                self.note(code, here)
            if any(who) and who in seen:
                self.note("annotated-twice", here)
            seen.add(who)
            for item in one["result"] if isinstance(one.get("result"), list) else ():
                if isinstance(item, Mapping):
                    self._item(item, text, here, task["data"])
        for draft in task.get("drafts") or ():
            for code in _of_draft(draft):
                self.note(code, f"{place}, draft {draft.get('id') if isinstance(draft, Mapping) else draft}")

    def found(self) -> list[Found]:
        """Give each kind of defect, in a fixed order."""
        return [Found(code, self.counts[code], self.examples[code]) for code in SAID if code in self.counts]

    def _item(self, item: Mapping[str, Any], text: str, here: str, data: Mapping[str, Any]) -> None:
        kind, value = str(item.get("type")), item.get("value")
        values = item.get("labels") if kind == "relation" else value.get(kind) if isinstance(value, Mapping) else None
        used = self.controls.setdefault((str(item.get("from_name") or kind), kind), {})
        for one in _names(kind, values):
            if one in used or len(used) < _VALUES:
                used[one] = used.get(one, 0) + 1
        if not isinstance(value, Mapping):
            return
        start, end, quote = value.get("start"), value.get("end"), value.get("text")
        if type(start) is not int or type(end) is not int or not 0 <= start < end:
            return
        surface = text[start:end]
        where = f"{here}, region {item.get('id')} [{start}:{end}]"
        if surface != surface.strip() and surface.strip():
            self.note("edge-space", f"{where} {surface[:40]!r}")
        if isinstance(quote, str):
            self._quote(quote, surface, where)
            if _plain(quote) != _plain(surface):
                self.strange += 1
                for name, other in data.items():
                    if isinstance(other, str) and _plain(other[start:end]) == _plain(quote):
                        self.fits[name] = self.fits.get(name, 0) + 1

    def _quote(self, quote: str, surface: str, where: str) -> None:
        self.quotes += 1
        if quote != surface and surface:
            said = f"it says {quote[:40]!r}, and there stands {surface[:40]!r}"
            self.note("quote-differs", f"{where}: {said}")


def _plain(text: str) -> str:
    """Give a text as far as a browser shows it: without blanks, and with □ for what push replaces."""
    return "".join(without_astral(text).replace("\\n", "").split())


def _names(kind: str, values: object) -> Iterator[str]:
    for one in values if isinstance(values, list) else ():
        if kind in {"labels", "relation", "choices", "taxonomy"}:
            yield "/".join(map(str, one)) if isinstance(one, list) else str(one)


def _of_task(task: Mapping[str, Any], text: str) -> Iterator[str]:
    if not task["annotations"]:
        yield "not-annotated"
    if not text:
        yield "no-text"
    if not is_whole(task) and "total_annotations" in task:
        yield "left-out"
    yield from ["prediction"] * len(task.get("predictions") or ())


def _of_annotation(one: Mapping[str, Any]) -> Iterator[str]:
    if one.get("ground_truth") is True:
        yield "ground-truth"
    if one.get("result") == [] and one.get("was_cancelled") is not True:
        yield "nothing-marked"
    if not isinstance(one.get("updated_at"), str):
        yield "no-time"


def _of_draft(draft: object) -> Iterator[str]:
    yield "draft"
    if not isinstance(draft, Mapping):
        yield "draft-untold"
    elif draft.get("annotation") is not None:
        yield "draft-of-submitted"

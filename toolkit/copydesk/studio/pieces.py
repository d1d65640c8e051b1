"""One person's annotations of the windows of a document go in; what they have read of it as a whole comes out.

Each word of the newest text belongs to the annotation, made on the newest text that has it, in whose window it stands; of two
made on one text, to the one updated last. What was made on an older text belongs where its words stand now. A person has
labelled the document where, on some text of it, every word is so labelled: what the newest text has beyond that is unread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.model.alignment import Words, stretches, words_of
from copydesk.model.windows import Place
from copydesk.studio.carry import Carry
from copydesk.studio.votes import History, TaskKey, Version, rejected_annotation, task_key
from copydesk.studio.windows import WHOLE

Places = Mapping[TaskKey, Place]
CarryOver = Callable[[Version, Version], Carry]


@dataclass(frozen=True, slots=True)
class Piece:
    """One annotation of a part of a document: ``start`` and ``end`` in the text that it was made on, and what words are its own."""

    row: Mapping[str, Any]
    start: int
    end: int
    carry: Carry | None
    number: int
    owners: Sequence[int]
    words: Words

    def is_anothers(self, start: int, end: int) -> bool:
        """Say whether a place in the newest text belongs to a newer annotation."""
        return any(0 <= owner < self.number for owner in self.owners[slice(*self.words.touching(start, end))])


@dataclass(frozen=True, slots=True)
class Composed:
    """The annotations that make up one reading, in the order of the text, and the places of the newest text that none has read."""

    pieces: tuple[Piece, ...] = ()
    unread: tuple[Place, ...] = ()


def places(windows: pa.Table) -> Places:
    """Give the place of each task that shows a window; of several rows (table ``task_windows``) the last one counts."""
    names = ("project", "task_id", "task_created_at", "start", "end")
    rows = zip(*(windows[name].to_pylist() for name in names), strict=True)
    return {(project, task_id, made): (start, end) for project, task_id, made, start, end in rows}


def pieced(
    rows: Sequence[Mapping[str, Any]], there: Places
) -> tuple[list[Mapping[str, Any]], list[list[Mapping[str, Any]]]]:
    """Part annotations into those of whole documents and, by document and person, those of documents read in windows.

    Each group is in reverse order.
    """
    if not there:
        return list(rows), []
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["doc_id"], row["annotator"]), []).append(row)
    apart = {whose for whose, own in groups.items() if any(task_key(row) in there for row in own)}
    whole = [row for whose, own in groups.items() if whose not in apart for row in own]
    return whole, [groups[whose][::-1] for whose in groups if whose in apart]


def compose(
    rows: Sequence[Mapping[str, Any]], history: History, there: Places, carry_over: CarryOver
) -> tuple[Composed, list[dict[str, Any]]]:
    """Put one person's annotations of a document together, newest first; gives rows of ``rejected`` for those that do not count."""
    made = [(history.versions[row["text_sha256"]], there.get(task_key(row), WHOLE)) for row in rows]
    newest = history.newest
    words = words_of(newest.text)
    touched = [list(_words(one, newest, words, carry_over)) for one in made]
    owners = _owners(touched, len(words.keys))
    unread = _unread(newest, words, owners)
    if unread and not _has_base(made, newest, carry_over):
        return Composed(), [_missing(row, made, carry_over) for row in rows]
    counted, rejected = [], []
    for number, (row, (version, place)) in enumerate(zip(rows, made, strict=True)):
        if touched[number] and number not in {owners[word] for word in touched[number]}:
            detail = f"{row['annotator']} annotated this part of the document again ({row['annotation_id']}); the newer one counts"
            rejected.append(rejected_annotation(row, reason="superseded", detail=detail))
            continue
        carry = carry_over(version, newest) if version.text_sha256 != newest.text_sha256 else None
        end = min(place[1], len(version.text))
        counted.append((min(touched[number], default=-1), Piece(row, place[0], end, carry, number, owners, words)))
    counted.sort(key=lambda one: (one[0], one[1].number))
    return Composed(tuple(piece for _, piece in counted), unread), rejected


def _words(made: tuple[Version, Place], text: Version, words: Words, carry_over: CarryOver) -> Iterator[int]:
    """Give the numbers of the words of a text that an annotation has read."""
    version, place = made
    if version.text_sha256 == text.text_sha256:
        yield from range(*words.touching(*place))
        return
    alignment = carry_over(version, text).alignment
    matched = (alignment.match[at] for at in range(*alignment.old_words.touching(*place)))
    yield from (at for at in matched if at >= 0)


def _owners(touched: Sequence[Sequence[int]], size: int) -> list[int]:
    owners = [-1] * size
    for number, words in enumerate(touched):
        for word in words:
            if owners[word] < 0:
                owners[word] = number
    return owners


def _has_base(made: Sequence[tuple[Version, Place]], newest: Version, carry_over: CarryOver) -> bool:
    """Say whether an older text was read from beginning to end."""
    older = {version.text_sha256: version for version, _ in made if version.text_sha256 != newest.text_sha256}
    return any(not _unread_of(version, made, carry_over) for version in older.values())


def _unread_of(version: Version, made: Sequence[tuple[Version, Place]], carry_over: CarryOver) -> tuple[Place, ...]:
    """Give what is unread of a text by what was made on it or on older ones."""
    words = words_of(version.text)
    earlier = [one for one in made if one[0].revision <= version.revision]
    owners = _owners([list(_words(one, version, words, carry_over)) for one in earlier], len(words.keys))
    return _unread(version, words, owners)


def _unread(version: Version, words: Words, owners: Sequence[int]) -> tuple[Place, ...]:
    """Give the places of a text that are nobody's; punctuation alone is none, since one full stop is like another."""
    found = stretches(version.text, words, [owner >= 0 for owner in owners])
    return tuple((start, end) for start, end in found if any(map(str.isalnum, version.text[start:end])))


def _missing(row: Mapping[str, Any], made: Sequence[tuple[Version, Place]], carry_over: CarryOver) -> dict[str, Any]:
    """Say of an annotation that others are missing beside it."""
    last = max((version for version, _ in made), key=lambda version: version.revision)
    unread = _unread_of(last, made, carry_over)
    start, end = unread[0][0], unread[-1][1]
    detail = (
        f"{row['annotator']} has not labelled all of the document: of the {len(last.text)} characters of revision {last.revision}, "
        f"{start} to {end} are missing, or some of them (fix: have the other parts labelled by the same person)"
    )
    return rejected_annotation(row, reason="window-missing", detail=detail)

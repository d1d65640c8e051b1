"""What a crowd drew in, as lists; the same as integer columns out, on whole tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from copydesk.agreement.columns import Bools, Ints, distinct
from copydesk.agreement.crowd.slips import Drawn, Onto, by_itself
from copydesk.agreement.crowd.span_ds import Stand
from copydesk.agreement.crowd.tokens import Tokens
from copydesk.agreement.match import overlapping
from copydesk.agreement.words import without_marks
from copydesk.errors import DataError

Span = tuple[int, int, str]


_NO = np.empty(0, np.int64)
NONE = (_NO, _NO, _NO, _NO)
Marked = Sequence[Sequence[int | str]]  # (start, end, label) of each


@dataclass(frozen=True, slots=True)
class Field:
    """Spans by text and person: ``start`` and ``end`` are numbers of tokens, ``text`` those of texts, ``label`` of ``labels``.

    A person who drew nothing in a text that they read is in ``read`` and ``reader`` all the same. What is known to be right stands
    in the rows of ``person`` -1, and ``settled`` says in which texts nothing else is.
    """

    tokens: Tokens
    people: tuple[str, ...]
    labels: tuple[str, ...]
    text: Ints
    person: Ints
    start: Ints
    end: Ints
    label: Ints
    read: Ints
    reader: Ints
    settled: Bools
    blank: int  # spans without a single token, which were left out
    unseen: tuple[Ints, Ints, Ints, Ints] = NONE  # text, person, start and end of what a reader has not read of a text


def field_of(
    tokens: Tokens,
    texts: Sequence[str],
    spans: Sequence[Mapping[str, Marked]],
    readers: Sequence[Sequence[str]],
    known: Mapping[int, Marked],
    onto: Onto = by_itself,
) -> Field:
    """Read who drew what into columns, sorted so that they do not depend on the order of people or spans.

    ``onto`` puts spans on tokens.

    Raises DataError for a span that does not lie in its text, or that was drawn by somebody who has not read it.
    """
    people = tuple(sorted({name for own in readers for name in own}))
    number = {name: at for at, name in enumerate(people)}
    rows: list[tuple[int, int, int, int, str]] = []
    for text, (own, reading) in enumerate(zip(spans, readers, strict=True)):
        for name in own:
            if name not in reading:
                raise DataError(
                    f"text {text}: {name!r} drew spans but is no reader", fix=f"add {name!r} to its readers"
                )
            rows += [(text, number[name], *_drawn(one, f"text {text}, {name}", texts[text])) for one in own[name]]
    for text, right in known.items():
        rows += [(text, -1, *span_in(one, f"text {text}, known", len(texts[text]))) for one in right]
    labels = tuple(sorted({row[4] for row in rows}))
    order = {name: at for at, name in enumerate(labels)}
    columns = np.array([(*row[:4], order[row[4]]) for row in rows], np.int64).reshape(-1, 5).T
    low, high = onto(tokens, Drawn(*columns[:4]))
    kept = np.flatnonzero(low < high)
    place, person, label = columns[0][kept], columns[1][kept], columns[4][kept]
    low, high = low[kept], high[kept]
    once, _ = distinct(place, low, high, label, person + 1)
    readings = [(at, number[name]) for at, own in enumerate(readers) for name in sorted(set(own))]
    read, reader = np.array(readings, np.int64).reshape(-1, 2).T
    return Field(
        tokens=tokens,
        people=people,
        labels=labels,
        text=place[once],
        person=person[once],
        start=low[once],
        end=high[once],
        label=label[once],
        read=read,
        reader=reader,
        settled=np.isin(np.arange(len(texts)), list(known)),
        blank=len(rows) - len(kept),
    )


def _drawn(one: Sequence[Any], place: str, text: str) -> Span:
    start, end, label = span_in(one, place, len(text))
    return *without_marks(text, start, end), label


def span_in(one: Sequence[Any], place: str, length: int) -> Span:
    """Check that a span is start, end and label, and lies in its text; ``place`` is for the error."""
    if len(one) != 3:
        raise DataError(f"{place}: {one!r} is no span", fix="give [start, end, label]")
    start, end, label = one
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length):
        raise DataError(
            f"{place}: the span [{start}:{end}] {label} does not lie in the text of {length} characters",
            fix="give start and end as code points, end exclusive",
        )
    return start, end, str(label)


def stand_of(field: Field) -> Stand:
    """Make candidates of all that anybody drew, or that is known."""
    text, start, end, label = field.text, field.start, field.end, field.label
    row, number = distinct(text, start, end, label)
    truth = np.where(field.settled[text[row]], 0, -1)
    truth[number[field.person < 0]] = 1
    votes = np.flatnonzero(field.person >= 0)  # sorted by candidate and person, as all rows of a field are
    return Stand(
        group=text[row],
        left=start[row],
        right=end[row],
        label=label[row],
        drawn=number[votes],
        drawer=field.person[votes],
        read=field.read,
        reader=field.reader,
        blind=(_NO, _NO),
        crossing=overlapping(group=text[row], start=start[row], end=end[row]),
        known=truth,
        people=len(field.people),
        labels=len(field.labels),
    )

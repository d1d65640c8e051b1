"""A table and the arguments of an expectation go in, the rows that fail come out: rules for keys, texts and offsets.

Each rule judges one thing. Where another rule already speaks of a row (a parent that is missing, an offset outside the text,
an empty required column), this one passes it over, so that one fault is one finding; the suites therefore hold those rules too.
All offsets are code points, start inclusive, end exclusive.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.document import text_sha256
from copydesk.validation.failing import Failing, short
from copydesk.validation.lookup import MISSING, TEXT_KEY, Lookup, cells, filled, joined_key, numbers
from copydesk.validation.slices import slices_differ

NormalForm = Literal["NFC", "NFD", "NFKC", "NFKD"]


def required_columns(lookup: Lookup, table: str, *, columns: Sequence[str]) -> Failing:
    """A row fails where one of the columns is empty."""
    rows = lookup.table(table)

    def see(row: int) -> str:
        return "empty: " + ", ".join(name for name in columns if not rows.column(name)[row].is_valid)

    return Failing(np.flatnonzero(~filled(rows, columns)), see)


def filled_together(lookup: Lookup, table: str, *, columns: Sequence[str]) -> Failing:
    """A row fails where some of the columns are empty and others are not."""
    rows = lookup.table(table)
    count = np.sum([filled(rows, [name]) for name in columns], axis=0)

    def see(row: int) -> str:
        return "empty: " + ", ".join(name for name in columns if not rows.column(name)[row].is_valid)

    return Failing(np.flatnonzero((count > 0) & (count < len(columns))), see)


def canonical_text(lookup: Lookup, table: str, *, column: str, form: NormalForm, forbidden: str) -> Failing:
    """A text fails where it is not in the Unicode normal form ``form``, or where the pattern ``forbidden`` is found."""
    texts = cells(lookup.table(table), column).to_pylist()
    pattern = re.compile(forbidden)
    wrong = [
        row
        for row, text in enumerate(texts)
        if text is not None and (pattern.search(text) or unicodedata.normalize(form, text) != text)
    ]

    def see(row: int) -> str:
        found = pattern.search(texts[row])
        if found:
            return f"U+{ord(found.group()[0]):04X} at {found.start()}"
        at = _first_difference(texts[row], unicodedata.normalize(form, texts[row]))
        return f"not {form} from {at}: {short(texts[row][at : at + 20])}"

    return Failing(np.array(wrong, dtype=np.int64), see)


def digest_of_text(lookup: Lookup, table: str, *, column: str, text_column: str) -> Failing:
    """A row fails where the column is not the SHA-256 of the UTF-8 of the text."""
    rows = lookup.table(table)
    digests = cells(rows, column).to_pylist()
    texts = cells(rows, text_column).to_pylist()
    wrong = [
        row
        for row, (digest, text) in enumerate(zip(digests, texts, strict=True))
        if digest is not None and text is not None and digest != text_sha256(text)
    ]
    return Failing(
        np.array(wrong, dtype=np.int64), lambda row: f"{digests[row][:12]}… for {text_sha256(texts[row])[:12]}…"
    )


def has_parent(
    lookup: Lookup, table: str, *, columns: Sequence[str], reference: str, reference_columns: Sequence[str]
) -> Failing:
    """A row fails where no row of the reference has its key."""
    rows = lookup.table(table)
    found = lookup.parents(table, columns, reference=reference, reference_columns=reference_columns)

    def see(row: int) -> str:
        return ", ".join(f"{name} {rows.column(name)[row].as_py()}" for name in columns) + f" is not in {reference}"

    return Failing(np.flatnonzero((found == MISSING) & filled(rows, columns)), see)


def agrees_with_parent(
    lookup: Lookup,
    table: str,
    *,
    columns: Sequence[str],
    reference: str,
    reference_columns: Sequence[str],
    compare: Sequence[str],
) -> Failing:
    """A row fails where its parent has another value in one of the columns ``compare``."""
    rows, other = lookup.table(table), lookup.table(reference)
    found = lookup.parents(table, columns, reference=reference, reference_columns=reference_columns)
    children = np.flatnonzero(found != MISSING)
    differs = np.zeros(len(children), dtype=np.bool_)
    for name in compare:
        own = cells(rows, name).take(pa.array(children))
        theirs = cells(other, name).take(pa.array(found[children]))
        differs |= pc.fill_null(pc.not_equal(own, theirs), False).to_numpy(zero_copy_only=False)

    def see(row: int) -> str:
        own = {name: rows.column(name)[row].as_py() for name in compare}
        theirs = {name: other.column(name)[int(found[row])].as_py() for name in compare}
        odd = [name for name in compare if own[name] != theirs[name]]
        return ", ".join(f"{name} {short(own[name])}, in {reference} {short(theirs[name])}" for name in odd)

    return Failing(children[differs], see)


def end_in_text(lookup: Lookup, table: str, *, end: str) -> Failing:
    """A row fails where its end lies past its document's text."""
    rows = lookup.table(table)
    parents = lookup.parents(table, TEXT_KEY, reference="documents")
    lengths = lookup.text_lengths(parents)
    ends = numbers(cells(rows, end))
    return Failing(
        np.flatnonzero((parents != MISSING) & (ends > lengths)),
        lambda row: f"{end} {ends[row]}, the text has {lengths[row]} characters",
    )


def surface_is_slice(
    lookup: Lookup, table: str, *, start: str, end: str, surface: str, unless: Mapping[str, Sequence[str]]
) -> Failing:
    """A row fails where ``text[start:end]`` of its document is not its surface.

    ``unless`` gives, for a column, the values of rows that are not judged.
    """
    rows = lookup.table(table)
    parents = lookup.parents(table, TEXT_KEY, reference="documents")
    starts, ends = numbers(cells(rows, start)), numbers(cells(rows, end))
    judged = filled(rows, [start, end, surface]) & (parents != MISSING)
    judged &= (starts >= 0) & (starts < ends) & (ends <= lookup.text_lengths(parents))
    for name, values in unless.items():
        spared = pc.is_in(cells(rows, name), value_set=pa.array(values, pa.string()))
        judged &= ~spared.to_numpy(zero_copy_only=False)
    chosen = np.flatnonzero(judged)
    chosen = chosen[np.argsort(parents[chosen], kind="stable")]
    said = cells(rows, surface).take(pa.array(chosen))
    differs = slices_differ(lookup.text_cells, parents[chosen], starts[chosen], ends[chosen], said)

    def see(row: int) -> str:
        text = lookup.text_cells[int(parents[row])].as_py()[starts[row] : ends[row]]
        return f"{surface} {short(rows.column(surface)[row].as_py())}, the text has {short(text)}"

    return Failing(np.sort(chosen[differs]), see)


def cuts_no_word(lookup: Lookup, table: str, *, start: str, end: str) -> Failing:
    """A row fails where it begins or ends inside a word: between two letters, digits or combining marks."""
    rows = lookup.table(table)
    parents = lookup.parents(table, TEXT_KEY, reference="documents")
    starts, ends = numbers(cells(rows, start)), numbers(cells(rows, end))
    judged = filled(rows, [start, end]) & (parents != MISSING)
    judged &= (starts >= 0) & (starts < ends) & (ends <= lookup.text_lengths(parents))
    chosen = np.flatnonzero(judged)
    texts = lookup.texts
    wrong = [
        row
        for row, parent, first, last in zip(
            chosen.tolist(), parents[chosen].tolist(), starts[chosen].tolist(), ends[chosen].tolist(), strict=True
        )
        if _is_inside_word(texts[parent] or "", first) or _is_inside_word(texts[parent] or "", last)
    ]

    def see(row: int) -> str:
        text, first, last = texts[parents[row]] or "", int(starts[row]), int(ends[row])
        before, after = text[max(first - 10, 0) : first], text[last : last + 10]
        return short(f"{before}[{text[first:last]}]{after}")

    return Failing(np.array(wrong, dtype=np.int64), see)


def length_is_extent(lookup: Lookup, table: str, *, start: str, end: str, column: str) -> Failing:
    """A row fails where the length of the text in the column is not ``end - start``."""
    rows = lookup.table(table)
    extent = numbers(cells(rows, end)) - numbers(cells(rows, start))
    lengths = numbers(pc.utf8_length(cells(rows, column)))
    judged = filled(rows, [start, end, column]) & (extent >= 0)
    return Failing(
        np.flatnonzero(judged & (extent != lengths)),
        lambda row: f"{column} has {lengths[row]} characters for an extent of {extent[row]}",
    )


def edits_fit(lookup: Lookup, table: str, *, start: str, end: str, inserted: str, order: str) -> Failing:
    """An edit fails where it overlaps the one before it, or where ``inserted`` does not stand in the document's text.

    The offsets point into the article; those before move an edit by what they inserted less what they removed. After an
    edit that does not fit or that another rule speaks of, the rest of its document is passed over.
    """
    rows = lookup.table(table)
    parents = lookup.parents(table, TEXT_KEY, reference="documents")
    starts, ends, orders = (numbers(cells(rows, name)) for name in (start, end, order))
    texts, insertions = lookup.texts, cells(rows, inserted).to_pylist()
    judged = filled(rows, [start, end, inserted, order]) & (starts >= 0) & (starts <= ends) & (parents != MISSING)
    wrong: dict[int, str] = {}
    current, before, shift = MISSING, 0, 0
    lost = False  # an edit before could not be followed
    for row in np.lexsort((orders, parents)).tolist():
        parent, first, last, new = int(parents[row]), int(starts[row]), int(ends[row]), insertions[row]
        if parent != current:
            current, before, shift, lost = parent, 0, 0, False
        lost = lost or not judged[row]
        if lost:
            continue
        there = (texts[parent] or "")[first + shift : first + shift + len(new)]
        if first < before:
            wrong[row] = f"begins at {first}, the edit before ends at {before}"
        elif there != new or first + shift > len(texts[parent] or ""):
            wrong[row] = f"{inserted} {short(new)}, the text has {short(there)} at {first + shift}"
        before, shift, lost = last, shift + len(new) - (last - first), row in wrong
    return Failing(np.array(sorted(wrong), dtype=np.int64), lambda row: wrong[row])


def different_columns(lookup: Lookup, table: str, *, one: str, other: str) -> Failing:
    """A row fails where the two columns are equal."""
    rows = lookup.table(table)
    first = cells(rows, one)
    same = pc.fill_null(pc.equal(first, cells(rows, other)), False)
    return Failing(
        np.flatnonzero(same.to_numpy(zero_copy_only=False)), lambda row: f"both are {short(first[row].as_py())}"
    )


def counted_rows(lookup: Lookup, table: str, *, column: str, columns: Sequence[str], reference: str) -> Failing:
    """A row fails where the reference has not as many rows with its key as the column says."""
    rows = lookup.table(table)
    said = numbers(cells(rows, column))
    owners = lookup.positions(joined_key(lookup.table(reference), columns), table, columns)
    counts = np.bincount(owners[owners != MISSING], minlength=rows.num_rows + 1)
    there = counts[lookup.parents(table, columns, reference=table)]  # rows with the same key have the same count
    return Failing(
        np.flatnonzero(filled(rows, [column, *columns]) & (said != there)),
        lambda row: f"{column} {said[row]}, {reference} has {there[row]}",
    )


def _first_difference(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _is_inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _is_of_word(text[at - 1]) and _is_of_word(text[at])


def _is_of_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"

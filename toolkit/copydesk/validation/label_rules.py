"""A table and the arguments of an expectation go in, the rows that fail come out: rules for lists, attributes and relations.

As in ``rules``, a row that another rule already speaks of is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.validation.failing import Failing, short
from copydesk.validation.lookup import MISSING, TEXT_KEY, Lookup, cells, filled, numbers

# Bounded as addresses are (RFC 5321, 4.5.3.1), so that a long hostile text costs no more than its length.
MAIL = r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}"


def items_match(lookup: Lookup, table: str, *, column: str, regex: str) -> Failing:
    """A row fails where an item of the list does not match the whole pattern, or where the list is empty."""
    lists = cells(lookup.table(table), column)
    pattern = re.compile(regex, re.DOTALL)
    wrong = {
        row: f"{short(odd)} in {column}"
        for row, items in enumerate(lists.to_pylist())
        if items is not None
        and (odd := next((one for one in items or [""] if not pattern.fullmatch(one or "")), None)) is not None
    }
    return Failing(np.array(list(wrong), dtype=np.int64), lambda row: wrong[row])


def items_counted(lookup: Lookup, table: str, *, column: str, count_column: str) -> Failing:
    """A row fails where the list has not as many different items as the other column says."""
    rows = lookup.table(table)
    lists = cells(rows, column)
    pairs = pa.table({"row": pc.list_parent_indices(lists), "item": pc.list_flatten(lists)})
    distinct = numbers(pairs.group_by(["row", "item"]).aggregate([])["row"].combine_chunks())
    there = np.bincount(distinct, minlength=rows.num_rows)
    said = numbers(cells(rows, count_column))
    return Failing(
        np.flatnonzero(filled(rows, [column, count_column]) & (there != said)),
        lambda row: f"{count_column} {said[row]}, {column} {short(lists[row].as_py())}",
    )


def items_have_parent(lookup: Lookup, table: str, *, column: str, reference: str, reference_column: str) -> Failing:
    """A row fails where an item of the list is not in the reference's column."""
    lists = cells(lookup.columns(table, [column]), column)
    found = lookup.positions(pc.list_flatten(lists), reference, [reference_column])
    owners = numbers(pc.list_parent_indices(lists))
    orphans = owners[found == MISSING]

    def see(row: int) -> str:
        items = pa.array(lists[row].as_py(), pa.string())
        lost = np.flatnonzero(lookup.positions(items, reference, [reference_column]) == MISSING)
        return f"{short(items[int(lost[0])].as_py())} is not in {reference}"

    return Failing(np.unique(orphans), see)


def no_mail_address(lookup: Lookup, table: str, *, columns: Sequence[str]) -> Failing:
    """A row fails where a column holds a mail address that the document's own text does not have.

    Columns are texts, lists of texts, or lists of structures of texts. What is seen is shown masked.
    """
    rows = lookup.table(table)
    parents = lookup.parents(table, TEXT_KEY, reference="documents")
    wrong: dict[int, str] = {}
    for name in columns:
        for row, value in _texts_with(cells(rows, name), "@"):
            text = lookup.texts[parents[row]] or "" if parents[row] != MISSING else ""
            leaked = [found for found in re.findall(MAIL, value) if found not in text]
            if leaked:
                wrong.setdefault(row, f"{leaked[0][0]}…@{leaked[0].partition('@')[2]} in {name}")
    return Failing(np.array(sorted(wrong), dtype=np.int64), lambda row: wrong[row])


def attributes_follow_schema(
    lookup: Lookup, table: str, *, column: str, label_column: str, attributes: Mapping[str, Mapping[str, object]]
) -> Failing:
    """A row fails where an attribute is unknown, does not belong to the row's label, or has a value it may not have.

    ``attributes`` are labels, choices and pattern by name; no labels means all, no choices a text, no pattern any.
    """
    rows = lookup.table(table)
    lists, labels = cells(rows, column), cells(rows, label_column)
    flat = pc.list_flatten(lists)
    owners = pc.list_parent_indices(lists)
    triples = pa.table(
        {
            "name": pc.struct_field(flat, "name"),
            "value": pc.struct_field(flat, "value"),
            "label": labels.take(owners),
        }
    )
    distinct = triples.group_by(triples.column_names).aggregate([]).to_pylist()
    keys = ("name", "value", "label")
    faults = {
        tuple(one[key] for key in keys): fault for one in distinct if (fault := _attribute_fault(one, attributes))
    }
    wrong: dict[int, str] = {}
    if faults:
        said = zip(*(triples.column(key).to_pylist() for key in keys), strict=True)
        for row, triple in zip(owners.to_pylist(), said, strict=True):
            if triple in faults:
                wrong.setdefault(row, faults[triple])
    return Failing(np.array(list(wrong), dtype=np.int64), lambda row: wrong[row])


def values_follow_schema(
    lookup: Lookup, table: str, *, name_column: str, value_column: str, known: Mapping[str, Mapping[str, object]]
) -> Failing:
    """A row fails where its name is unknown, or has a value that it may not have; ``known`` are choices and pattern by name."""
    names, values = (cells(lookup.table(table), name).to_pylist() for name in (name_column, value_column))
    wrong = {
        row: fault
        for row, (name, value) in enumerate(zip(names, values, strict=True))
        if name is not None and value is not None and (fault := _value_fault(name, value, known))
    }
    return Failing(np.array(list(wrong), dtype=np.int64), lambda row: wrong[row])


def items_mutual(lookup: Lookup, table: str, *, column: str, id_column: str) -> Failing:
    """A row fails where it lists itself, or one that does not list it; one that is not there is another rule's."""
    rows = lookup.table(table)
    ids, lists = cells(rows, id_column).to_pylist(), cells(rows, column).to_pylist()
    listed = dict(zip(ids, lists, strict=True))
    wrong: dict[int, str] = {}
    for row, (own, items) in enumerate(zip(ids, lists, strict=True)):
        odd = next((one for one in items or () if one == own or (one in listed and own not in listed[one])), None)
        if odd is not None:
            wrong[row] = f"{short(odd)} in {column}"
    return Failing(np.array(list(wrong), dtype=np.int64), lambda row: wrong[row])


def signature_allowed(
    lookup: Lookup,
    table: str,
    *,
    label_column: str,
    head: str,
    tail: str,
    reference: str,
    signatures: Mapping[str, Mapping[str, Sequence[str]]],
) -> Failing:
    """A relation fails where its type may not join spans of these labels; no heads or no tails listed means any."""
    labels = cells(lookup.columns(table, [label_column]), label_column)
    heads, tails = (
        lookup.parents(table, [name], reference=reference, reference_columns=["span_id"]) for name in (head, tail)
    )
    chosen = np.flatnonzero((heads != MISSING) & (tails != MISSING))
    spans = cells(lookup.columns(reference, ["label"]), "label")
    joined = [spans.take(pa.array(ends[chosen])).to_pylist() for ends in (heads, tails)]
    wrong: dict[int, str] = {}
    for row, label, *pair in zip(chosen.tolist(), labels.take(pa.array(chosen)).to_pylist(), *joined, strict=True):
        for side, one in zip(("heads", "tails"), pair, strict=True):
            allowed = signatures.get(label, {}).get(side)  # an unknown type is reported by another rule
            if allowed and one not in allowed:
                wrong.setdefault(row, f"{label} joins {pair[0]} to {pair[1]}; its {side} are {', '.join(allowed)}")
    return Failing(np.array(list(wrong), dtype=np.int64), lambda row: wrong[row])


def _texts_with(array: pa.Array, needle: str) -> list[tuple[int, str]]:
    """Give (row, text) for each text in the column that holds ``needle``."""
    owners: pa.Array = pa.array(np.arange(len(array)))
    if pa.types.is_list(array.type):
        owners, array = pc.list_parent_indices(array), pc.list_flatten(array)
    if pa.types.is_struct(array.type):
        return [
            pair
            for number in range(array.type.num_fields)
            for pair in _chosen(owners, pc.struct_field(array, array.type.field(number).name), needle)
        ]
    return _chosen(owners, array, needle)


def _chosen(owners: pa.Array, texts: pa.Array, needle: str) -> list[tuple[int, str]]:
    hits = pc.fill_null(pc.match_substring(texts, needle), False)
    return list(zip(owners.filter(hits).to_pylist(), texts.filter(hits).to_pylist(), strict=True))


def _attribute_fault(one: Mapping[str, str], attributes: Mapping[str, Mapping[str, object]]) -> str:
    name, value, label = one["name"], one["value"], one["label"]
    if name not in attributes:
        return f"unknown attribute {short(name)}"
    known = attributes[name]
    labels = known["labels"]
    if labels and label not in labels:  # type: ignore[operator]
        return f"{name} on {label}"
    return _value_fault(name, value, attributes)


def _value_fault(name: str, value: str, attributes: Mapping[str, Mapping[str, object]]) -> str:
    if name not in attributes:
        return f"unknown name {short(name)}"
    choices, pattern = (attributes[name][key] for key in ("choices", "pattern"))
    if choices and value not in choices:  # type: ignore[operator]
        return f"{name} {short(value)}"
    if pattern and not re.fullmatch(str(pattern), value):
        return f"{name} {short(value)}"
    return ""

"""The rules of version numbers: what changed goes in, the least bump and its reasons come out.

* MAJOR: what a reader relied on is gone or means something else: a column, a text, a label, its definition, a licence, the split of
  a document, or what is tested by: its documents and labels.
* MINOR: there is more or better of the same outside of the test set: documents, corrected labels, new labels, columns and
  judgements; fewer documents.
* PATCH: the same rows, described otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.datasets.diff import Difference
from copydesk.datasets.layout import DECLARED

LEVELS = ("major", "minor", "patch")
_NAMED = 3  # so many are named in a reason, the others counted
_JUDGEMENTS = ("annotations", "annotation_relations", "reads", "disputes")
_PATCHES = {
    "description": "the description changed",
    "language": "the languages changed",
    "suites": "the expectation suites changed",
    "lineage": "where the labels were made changed",
    "guidelines": "the guidelines changed",
    "labels": "the label set's name, version or title changed",
    "schema": "the labelling schema changed where it does not touch the label set",
    "agreement": "the agreement figures changed",
    "findings": "the findings changed",
    "tables/sources": "the record of the sources changed",
    "splits": "the record of the splits changed",
}
# A person decided these. The other parts change whenever rows do, and are told only where no row changed.
_ALWAYS_TOLD = ("description", "language", "suites", "lineage", "guidelines")
Reason = tuple[str, str]  # level, sentence


@dataclass(frozen=True, slots=True)
class Bump:
    """How far a version number moves, and why; the gravest reasons come first."""

    level: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions compared: its format, its content digests by part, its columns by table, its label set and licence."""

    format: int
    content: Mapping[str, str]
    columns: Mapping[str, Sequence[Mapping[str, Any]]]
    label_set: Mapping[str, Any]
    licence: str


def judge(old: Side, new: Side, *, difference: Difference) -> Bump:
    """Give the bump from ``old`` to ``new``, which are not the same."""
    found = [
        *_of_columns(old, new),
        *_of_label_sets(old.label_set, new.label_set),
        *_of_licence(old.licence, new.licence),
        *_of_difference(difference),
        *_of_test(old.content.get("test", ""), new.content.get("test", "")),
    ]
    changed = {
        part for part in old.content.keys() | new.content.keys() if old.content.get(part) != new.content.get(part)
    }
    found += _of_content(changed, explained=bool(found), difference=difference)
    found.sort(key=lambda reason: LEVELS.index(reason[0]))
    return Bump(found[0][0], tuple(sentence for _, sentence in found))


def _of_columns(old: Side, new: Side) -> Iterator[Reason]:
    if old.format != new.format:
        yield "major", f"the files are laid out otherwise (format {new.format})"
        return
    for table in sorted(old.columns.keys() | new.columns.keys()):
        before = {column["name"]: column for column in old.columns.get(table, ())}
        after = {column["name"]: column for column in new.columns.get(table, ())}
        if not before or not after:
            yield ("minor", f"table {table} is new") if after else ("major", f"table {table} is gone")
            continue
        for name in sorted(before.keys() | after.keys()):
            if name not in after:
                yield "major", f"column {name} of {table} is gone"
            elif name not in before:
                yield "minor", f"column {name} of {table} is new"
            elif before[name] != after[name]:
                more = _more_fields(before[name], after[name])
                yield (
                    ("minor", f"column {name} of {table} has the new fields {', '.join(more)}")
                    if more
                    else ("major", f"column {name} of {table} has another type")
                )


def _more_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name the fields that came to a struct, or to the structs of a list, where all else is as it was."""
    before, after = ({field["name"]: field for field in column.get("fields", ())} for column in (old, new))
    is_kept = {**old, "fields": ()} == {**new, "fields": ()} and all(after.get(name) == before[name] for name in before)
    return [name for name in after if name not in before] if is_kept else []


def _of_label_sets(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Reason]:
    for noun, key in (("label", "labels"), ("relation", "relations"), ("attribute", "attributes")):
        yield from _of_names(noun, {one["name"]: one for one in old[key]}, {one["name"]: one for one in new[key]})
    if old["overlap"] != new["overlap"]:
        yield "major", f"overlap of spans was {old['overlap']!r} and is {new['overlap']!r}"


def _of_names(noun: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Reason]:
    come = [name for name in new if name not in old]
    for name in old:
        if name in new:
            yield from _of_one(f"{noun} {name}", old[name], new[name])
            continue
        meaning = _words(old[name]["definition"])
        heir = next((other for other in come if meaning and _words(new[other]["definition"]) == meaning), None)
        if heir is None:
            yield "major", f"{noun} {name} is gone"
        else:
            come.remove(heir)
            yield "major", f"{noun} {name} is called {heir} now"
    yield from (("minor", f"{noun} {name} is new") for name in come)


def _of_one(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Reason]:
    if _words(old["definition"]) != _words(new["definition"]):
        yield "major", f"{what} is defined anew"
    lost = [choice for choice in old.get("choices", ()) if choice not in new.get("choices", ())]
    more = [choice for choice in new.get("choices", ()) if choice not in old.get("choices", ())]
    yield from (("major", f"{what} lost the choice {choice}") for choice in lost)
    yield from (("minor", f"{what} has the new choice {choice}") for choice in more)
    rules = old.keys() - {"name", "definition", "choices", "placeholder"}
    if any(old[rule] != new.get(rule) for rule in rules):
        yield "major", f"{what} follows other rules ({', '.join(sorted(r for r in rules if old[r] != new.get(r)))})"


def _of_licence(old: str, new: str) -> Iterator[Reason]:
    if old != new:
        yield "major", f"the dataset's licence was {old!r} and is {new!r}"


def _of_difference(found: Difference) -> Iterator[Reason]:
    if found.texts_changed:
        yield "major", f"the text of {_documents(found.texts_changed)} changed"
    for version, doc_ids in found.returned_changed.items():
        yield "major", f"the text of {_documents(doc_ids)} changed since {version}, which held it last"
    if found.licences_changed:
        yield "major", f"the licence of {_documents(found.licences_changed)} changed"
    if found.documents_added:
        yield "minor", f"{_documents(found.documents_added)} came in"
    if found.documents_removed:
        yield "minor", f"{_documents(found.documents_removed)} went out"
    for (old, new), count in sorted(found.moved.items()):
        yield "major", f"{count} {'document' if count == 1 else 'documents'} went from {old} to {new}"
    if found.corrected:
        counted = ", ".join(f"{count} {kind}" for kind, count in found.corrected.items())
        yield "minor", f"labels of known documents were corrected: {counted}"


def _of_test(old: str, new: str) -> Iterator[Reason]:
    """A score on one test set says nothing of another; where there was none before, there is no score."""
    if old and old != new:
        yield "major", "the documents or labels of the test set changed" if new else "the test set is gone"


def _of_content(changed: set[str], *, explained: bool, difference: Difference) -> list[Reason]:
    """What the digests say changed and nothing above accounts for. Parts that follow from others are not told again."""
    moved = difference.documents_added or difference.documents_removed or difference.texts_changed
    found: list[Reason] = []
    if not moved:
        rows = [name for name in _JUDGEMENTS if f"tables/{name}" in changed]
        found += [("minor", f"annotators' judgements changed: {', '.join(rows)}")] if rows else []
        found += [
            ("minor", f"the {name} of the texts changed")
            for name in ("zones", "sentences")
            if f"tables/{name}" in changed
        ]
    tables = {f"tables/{name}" for name in ("default", "documents", "spans", "relations", *DECLARED)} & changed
    if tables and not explained and not found:
        names = ", ".join(sorted(name.removeprefix("tables/") for name in tables))
        found.append(("minor", f"values that belong to documents and labels changed: {names}"))
    told = _PATCHES if not explained and not found else _ALWAYS_TOLD
    return found + [("patch", _PATCHES[part]) for part in told if part in changed]


def _documents(doc_ids: Sequence[str]) -> str:
    named = ", ".join(doc_ids[:_NAMED]) + (", …" if len(doc_ids) > _NAMED else "")
    return f"{len(doc_ids)} {'document' if len(doc_ids) == 1 else 'documents'} ({named})"


def _words(text: str) -> list[str]:
    """A definition's words: other line breaks are no other definition."""
    return text.split()

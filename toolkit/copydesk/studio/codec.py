"""Spans go in, Label Studio's result JSON comes out, and back; here and nowhere else live the units of its offsets.

Label Studio counts code points of the text in the task's data, start inclusive and end exclusive, as Copydesk does. So an
offset is carried over unchanged, as long as the text that it shows has as many code points as the document's; ``shown_text``
sees to that. What Label Studio says the marked words are (``value.text``) is what a browser rendered, and is never used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from copydesk.errors import DataError
from copydesk.model.schema import GROUP, Attribute, LabelSchema
from copydesk.model.tables import Outcome, empty, from_rows, from_tuples
from copydesk.model.windows import Place
from copydesk.studio.carry import Carry
from copydesk.studio.interface import TEXT
from copydesk.studio.pieces import compose, pieced, places
from copydesk.studio.reading import Reading
from copydesk.studio.shares import by_document
from copydesk.studio.shown import without_astral
from copydesk.studio.votes import History, TaskKey, Version, text_sha256_of, votes

_AT_ONCE = 2_000  # annotations, with the texts of their documents, that are values of Python's own at a time
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def shown_text(text: str) -> str:
    """Give the text as Label Studio is to show it: every character beyond U+FFFF is replaced by ``□``, one for one.

    Where such a character stands in a line, dragging the end of a region there stores offsets in another unit, and nothing
    can tell it afterwards. Offsets into the shown text are offsets into the document. Raises DataError for NUL, other control
    characters than tab and line feed, and lone surrogates: some databases refuse them, and one spoils the whole project.
    """
    unfit = _UNFIT.search(text)
    if unfit:
        raise DataError(
            f"the text has U+{ord(unfit.group()):04X} at {unfit.start()}, which Label Studio cannot hold",
            fix="ingest the article again; ingest removes such characters",
        )
    return without_astral(text)


def to_result(
    spans: Iterable[Mapping[str, Any]], relations: Iterable[Mapping[str, Any]] = (), schema: LabelSchema | None = None
) -> list[dict[str, Any]]:
    """Make Label Studio's result of spans and the relations between them.

    A span has ``start``, ``end``, ``surface`` and ``label``, and may have ``span_id``, ``origin`` and ``attributes`` (name and
    value); a relation has ``head_span_id``, ``tail_span_id`` and ``label``. Spans without ``span_id`` get a region id made of
    their place and label. ``schema`` is needed where there are attributes or relations.
    """
    regions = [item for span in spans for item in _region(span, schema)]
    symmetric = {one.name for one in schema.relations if one.symmetric} if schema else frozenset()
    return regions + [
        {
            "type": "relation",
            "from_id": relation["head_span_id"],
            "to_id": relation["tail_span_id"],
            "direction": "bi" if relation["label"] in symmetric else "right",
            "labels": [relation["label"]],
        }
        for relation in relations
    ]


def region_id(start: int, end: int, label: str) -> str:
    """Give the region id of a span that has no id of its own: the same for the same place and label."""
    return "r-" + hashlib.sha256(f"{start}|{end}|{label}".encode()).hexdigest()[:10]


def read_labels(
    annotations: pa.Table,
    *,
    documents: pa.Table,
    schema: LabelSchema,
    windows: pa.Table | None = None,
    articles: Iterable[tuple[str, Version]] = (),
) -> Outcome:
    """Read what the annotators said: the current state of the pull log goes in; reads, spans and relations come out.

    ``documents`` holds every revision, in any order. Of each annotator's live annotations of a document the one made on the
    newest text counts, and of several the one updated last. What was made on an older text is carried over: each span is
    placed in the newest text (``model.anchor``), and what is certain counts there; what is not (anchor-fuzzy) and what is no
    more (anchor-lost) is rejected, and waits for a person. ``revision`` then names the newest one, ``anchors`` tells of each
    span where it was made, and ``unread`` what of the newest text the annotator has not seen. What was said of the whole document counts on, and says on
    which revision it was made.

    ``articles`` has further texts of the same documents, by ``doc_id``: what was made on the text of an article, as it came in, is
    carried over to its document.

    ``windows`` (table ``task_windows``) names the tasks that show a window of a document. Of such a document all annotations of
    one person are read together, as ``studio.pieces`` says, and count under the id of the first in the order of the text; where
    they do not make up a whole text, each is rejected (window-missing).

    Rejected, each with its reason: annotations that are no votes (deleted, cancelled, superseded, unknown-annotator), those of
    an unknown document or text (text-changed), those that cannot be read; and single spans, attributes and relations that do
    not fit the text or the schema. A span that begins or ends with white space is trimmed; if nothing is left it is rejected.

    Counted are annotations and, of those that are read, every label of a region, value of an attribute and label of a
    relation; each of these is kept or rejected.
    """
    there = places(windows if windows is not None else empty("task_windows"))
    shares = by_document(annotations, documents, articles, rows=_AT_ONCE)
    outcomes = [_read_share(*share, schema=schema, there=there) for share in shares]
    kept = {name: pa.concat_tables(one.kept[name] for one in outcomes) for name in outcomes[0].kept}
    return Outcome(
        kept, pa.concat_tables(one.rejected for one in outcomes), kept_rows=sum(one.kept_rows for one in outcomes)
    )


def _read_share(
    annotations: pa.Table,
    documents: pa.Table,
    articles: Sequence[tuple[str, Version]],
    *,
    schema: LabelSchema,
    there: Mapping[TaskKey, Place],
) -> Outcome:
    """Read all annotations of some documents."""
    known = histories(documents, articles)
    counted, rejected = votes(annotations, histories=known, places=there)
    whole, in_pieces = pieced(counted, there)
    reading = Reading(schema)
    carries: dict[tuple[str, str], Carry] = {}
    texts = {digest: version for history in known.values() for digest, version in history.versions.items()}

    def carry_over(made_on: Version, newest: Version) -> Carry:
        key = newest.text_sha256, made_on.text_sha256
        if key not in carries:
            carries[key] = Carry.over(made_on, newest, texts.get(made_on.became))
        return carries[key]

    for row in whole:
        newest = known[row["doc_id"]].newest
        made_on = known[row["doc_id"]].versions[row["text_sha256"]]
        carry = carry_over(made_on, newest) if made_on.text_sha256 != newest.text_sha256 else None
        reading.read({**row, **_of(newest)}, newest.text, carry)
    for rows in in_pieces:
        history = known[rows[0]["doc_id"]]
        readable = [row for row in rows if reading.items_of(row) is not None]
        composed, refused = compose(readable, history, there, carry_over)
        rejected += refused
        now = _of(history.newest)
        pieces = tuple(replace(piece, row={**piece.row, **now}) for piece in composed.pieces)
        reading.read_pieces(replace(composed, pieces=pieces), history.newest.text)
    kept = {name: from_tuples(name, rows) for name, rows in reading.tables.items()}
    return Outcome(kept, from_rows("rejected", [*rejected, *reading.rejected]), reading.kept)


def _of(newest: Version) -> dict[str, Any]:
    return {"revision": newest.revision, "text_sha256": newest.text_sha256}


def _region(span: Mapping[str, Any], schema: LabelSchema | None) -> Iterator[dict[str, Any]]:
    start, end, label = span["start"], span["end"], span["label"]
    region = span.get("span_id") or region_id(start, end, label)
    origin = span.get("origin") or "manual"
    shown = without_astral(span["surface"])
    value = {"start": start, "end": end, "text": shown, "labels": [label]}
    group = schema.group_of(label) if schema else GROUP
    yield {"id": region, "from_name": group, "to_name": TEXT, "type": "labels", "origin": origin, "value": value}
    given: dict[str, list[str]] = {}
    for attribute in span.get("attributes") or ():
        given.setdefault(attribute["name"], []).append(attribute["value"])
    attributes = {attribute.name: attribute for attribute in schema.attributes} if schema and given else {}
    for name, values in given.items():
        said = written(attributes[name], values)
        said["value"] = {"start": start, "end": end, **said["value"]}
        yield {"id": region, "from_name": name, "to_name": TEXT, "origin": origin, **said}


def category_items(categories: Iterable[tuple[str, str]], schema: LabelSchema) -> list[dict[str, Any]]:
    """Make Label Studio's result of what is said of a whole document: names of categories and values."""
    given: dict[str, list[str]] = {}
    for name, value in categories:
        given.setdefault(name, []).append(value)
    known = {category.name: category for category in schema.categories}
    return [
        {
            "id": "c-" + hashlib.sha256(name.encode()).hexdigest()[:10],
            "from_name": name,
            "to_name": TEXT,
            "origin": "manual",
            **written(known[name], values),
        }
        for name, values in given.items()
    ]


def written(said: Attribute, values: Sequence[str]) -> dict[str, Any]:
    """Give type and value of a result that says these values."""
    if said.kind in {"choice", "choices"}:
        return {"type": "choices", "value": {"choices": list(values)}}
    if said.kind == "taxonomy":
        return {"type": "taxonomy", "value": {"taxonomy": [value.split("/") for value in values]}}
    if said.kind in {"number", "rating"}:
        number = float(values[0])
        return {"type": said.kind, "value": {said.kind: int(number) if number.is_integer() else number}}
    if said.kind in {"date", "datetime"}:
        return {"type": "datetime", "value": {"datetime": values[0]}}
    return {"type": "textarea", "value": {"text": list(values)}}


def histories(documents: pa.Table, articles: Iterable[tuple[str, Version]] = ()) -> dict[str, History]:
    """Give every text that each document has had, by its id; ``documents`` holds every revision, in any order.

    ``articles`` has further texts, none of which is the newest.
    """
    names = ("doc_id", "revision", "text_sha256", "text")
    columns: Sequence[list[Any]] = [documents[name].to_pylist() for name in names]
    versions: dict[str, dict[str, Version]] = {}
    for doc_id, revision, text_sha256, text in sorted(zip(*columns, strict=True), key=lambda row: row[:2]):
        shown = text_sha256_of(without_astral(text))
        versions.setdefault(doc_id, {})[text_sha256] = Version(revision, text_sha256, text, shown)
    found = {
        doc_id: History(max(known.values(), key=lambda one: one.revision), known) for doc_id, known in versions.items()
    }
    for doc_id, version in articles:
        versions[doc_id].setdefault(version.text_sha256, version)
    return found

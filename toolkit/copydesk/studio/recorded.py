"""Recorded work of an annotator goes in, annotations made through that person's own account come out.

A record says what was marked by quoting it, not by offsets, so that a person can write and read it::

    name = "Noor"
    note = "made for the demo"
    ["003_halden-bridge.txt"]
    spans = [{ id = "b", quote = "Halden Bridge", occurrence = 2, label = "FAC", attributes = { mention = "NAM" } }]
    relations = [{ head = "b", tail = "v", label = "part_of" }]
    categories = { article_type = "news_report" }

``occurrence`` counts from 1, without overlaps, and is 1 where it is left out.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import httpx
import pyarrow as pa

from copydesk.errors import StudioBroken, StudioRefused, StudioTimeout, UnknownError, UsageError
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.model.windows import Place
from copydesk.studio.client import Studio
from copydesk.studio.codec import category_items, region_id, to_result
from copydesk.studio.faults import status_of
from copydesk.studio.listing import find_tasks
from copydesk.studio.windows import WHOLE, place_of, within

_NAMESPACE = uuid.UUID("5f0d5a1e-6c1b-5f57-9d0b-3f9e1a2c7b64")
_TRIES = 3
_SPAN_KEYS = frozenset({"id", "quote", "occurrence", "label", "attributes"})
_RELATION_KEYS = frozenset({"head", "tail", "label"})

_Place = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """One marked span: the ``occurrence``-th place, counted from 1 and without overlaps, where the text has the quote."""

    id: str
    quote: str
    occurrence: int
    label: str
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RecordedArticle:
    """What was marked in one article; relations are head, tail (ids of spans) and label, categories are name and value."""

    file: str
    spans: tuple[RecordedSpan, ...]
    relations: tuple[tuple[str, str, str], ...]
    categories: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One annotator's record. ``place`` is the file that it was read from."""

    name: str
    note: str
    place: str
    articles: tuple[RecordedArticle, ...]


@dataclass(frozen=True, slots=True)
class SubmitReport:
    """How many annotations were made, and how many were there already."""

    submitted: int
    present: int


def read_recorded(text: str, *, place: str) -> Recorded:
    """Read a record (TOML); ``place`` names its file in errors.

    Raises UsageError that lists everything wrong with it.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place} cannot be read: {error}", fix="correct it; it must be TOML") from error
    wrong = [f"{key} is missing" for key in ("name", "note") if not isinstance(data.get(key), str) or not data[key]]
    articles = [
        _article(file, table, wrong)
        for file, table in data.items()
        if isinstance(table, Mapping) or file not in ("name", "note")
    ]
    if wrong:
        raise UsageError(f"{place}: " + "; ".join(wrong), fix="correct each place named above")
    return Recorded(data["name"], data["note"], place, tuple(articles))


def submit(
    studio: Studio,
    recorded: Recorded,
    *,
    project_ids: Sequence[int],
    documents: pa.Table,
    schema: LabelSchema,
    progress: Progress,
) -> SubmitReport:
    """Make the recorded annotations through the account that ``studio`` is connected as.

    Running it again makes none twice: each has an identity made of the annotator, the project, the document and its text. Spans that are
    just as suggested count as taken from the suggestion, others as drawn by hand. Raises UsageError naming file, article,
    quote and occurrence where a quote is not in the text, UnknownError where an article was not ingested or not pushed.
    """
    found = _documents(recorded, documents)
    results = _results(recorded, found, schema)
    tasks = _tasks(studio, recorded, project_ids=project_ids, documents=found)
    submitted = present = 0
    for number, article in enumerate(recorded.articles, start=1):
        document = found[article.file]
        for task in tasks[article.file]:
            # the server knows each identity once, whatever the project
            key = [recorded.name, str(task["project"]), document["doc_id"], document["text_sha256"], *_part(task)]
            body = {
                "result": _result(article, task, *results[article.file], schema),
                "unique_id": str(uuid.uuid5(_NAMESPACE, "\n".join(key))),
                "ground_truth": False,  # otherwise Label Studio takes it as the truth and not as one reading
                "was_cancelled": False,
            }
            done = _post(studio, task["id"], body)
            submitted, present = submitted + done, present + (not done)
        progress("annotate", number, len(recorded.articles))
    return SubmitReport(submitted, present)


def _part(task: Mapping[str, Any]) -> list[str]:
    place = place_of(task["data"])
    return [] if place == WHOLE else [f"{place[0]}-{place[1]}"]


def _result(
    article: RecordedArticle,
    task: Mapping[str, Any],
    spans: Sequence[Mapping[str, Any]],
    relations: Sequence[Mapping[str, Any]],
    schema: LabelSchema,
) -> list[dict[str, Any]]:
    """Make the result of a task: of what was marked in the article, what lies in the part of it that the task shows."""
    place = place_of(task["data"])
    suggested = _suggested(task, place[0])
    told = [{**one, "origin": "prediction" if _place(one) in suggested else "manual"} for one in spans]
    result = to_result(told, relations, schema) + category_items(article.categories, schema)
    return result if place == WHOLE else within(result, place)


def _article(file: str, table: Any, wrong: list[str]) -> RecordedArticle:
    rows = {key: table.get(key, []) if isinstance(table, Mapping) else None for key in ("spans", "relations")}
    if not all(_is_tables(listed) for listed in rows.values()):
        wrong.append(f"{file}: expected lists of tables, spans and relations")
        return RecordedArticle(file, (), ())
    spans = [_span(row, f"{file}: spans[{number}]", wrong) for number, row in enumerate(rows["spans"] or ())]
    ids = [span.id for span in spans if span.id]
    wrong += [f"{file}: id {one!r} stands twice" for one in sorted({one for one in ids if ids.count(one) > 1})]
    relations = [
        _relation(row, ids, f"{file}: relations[{number}]", wrong) for number, row in enumerate(rows["relations"] or ())
    ]
    given = _texts(table.get("categories", {}), f"{file}: categories", wrong)
    return RecordedArticle(file, tuple(spans), tuple(relations), given)


def _texts(given: object, place: str, wrong: list[str]) -> tuple[tuple[str, str], ...]:
    """Read a table of names and texts."""
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        wrong.append(f'{place}: expected name = "value"')
        return ()
    return tuple((str(name), value) for name, value in given.items())


def _is_tables(listed: object) -> bool:
    return isinstance(listed, list) and all(isinstance(row, Mapping) for row in listed)


def _span(row: Mapping[str, Any], place: str, wrong: list[str]) -> RecordedSpan:
    wrong += [f"{place}: unknown key {key!r}" for key in row if key not in _SPAN_KEYS]
    wrong += [
        f"{place}: {key} is missing" for key in ("quote", "label") if not isinstance(row.get(key), str) or not row[key]
    ]
    occurrence = row.get("occurrence", 1)
    if type(occurrence) is not int or occurrence < 1:
        wrong.append(f"{place}: occurrence {occurrence!r} does not count from 1")
        occurrence = 1
    given = row.get("attributes", {})
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        wrong.append(f'{place}: expected attributes as name = "value"')
        given = {}
    attributes = tuple((str(name), str(value)) for name, value in given.items())
    return RecordedSpan(
        str(row.get("id", "")), str(row.get("quote", "")), occurrence, str(row.get("label", "")), attributes
    )


def _relation(row: Mapping[str, Any], ids: Sequence[str], place: str, wrong: list[str]) -> tuple[str, str, str]:
    wrong += [f"{place}: unknown key {key!r}" for key in row if key not in _RELATION_KEYS]
    wrong += [
        f"{place}: {key} {row.get(key)!r} is no id of a span" for key in ("head", "tail") if row.get(key) not in ids
    ]
    if not isinstance(row.get("label"), str):
        wrong.append(f"{place}: label is missing")
    return str(row.get("head", "")), str(row.get("tail", "")), str(row.get("label", ""))


def _documents(recorded: Recorded, documents: pa.Table) -> dict[str, dict[str, Any]]:
    """Find the document of each recorded article by the name of its file."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in documents.select(["doc_id", "revision", "text_sha256", "source", "text"]).to_pylist():
        by_name.setdefault(PurePosixPath(row["source"]).name, []).append(row)
    found: dict[str, dict[str, Any]] = {}
    for article in recorded.articles:
        rows = sorted(by_name.get(article.file, []), key=lambda row: row["revision"])
        if not rows:
            raise UnknownError(f"{recorded.place}: there is no document of {article.file!r}", fix="ingest its article")
        if len({row["doc_id"] for row in rows}) > 1:
            sources = ", ".join(sorted({row["source"] for row in rows}))
            raise UsageError(
                f"{recorded.place}: {article.file!r} may be any of {sources}", fix="rename one of the files"
            )
        found[article.file] = rows[-1]
    return found


def _results(
    recorded: Recorded, documents: Mapping[str, Mapping[str, Any]], schema: LabelSchema
) -> dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Resolve the quotes of every article to spans and relations; raises UsageError listing all that cannot be."""
    wrong: list[str] = []
    made: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {}
    for article in recorded.articles:
        text = documents[article.file]["text"]
        spans = [_resolved(span, text, schema, article.file, wrong) for span in article.spans]
        ids = {span.id: one["span_id"] for span, one in zip(article.spans, spans, strict=True) if span.id}
        wrong += [
            f"{article.file}: unknown relation {label!r}"
            for *_, label in article.relations
            if label not in schema.relation_names
        ]
        known = [category.name for category in schema.categories]
        wrong += [f"{article.file}: unknown category {name!r}" for name, _ in article.categories if name not in known]
        relations = [
            {"head_span_id": ids[head], "tail_span_id": ids[tail], "label": label}
            for head, tail, label in article.relations
        ]
        made[article.file] = spans, relations
    if wrong:
        raise UsageError(f"{recorded.place}: " + "; ".join(wrong), fix="correct each place named above")
    return made


def _resolved(span: RecordedSpan, text: str, schema: LabelSchema, file: str, wrong: list[str]) -> dict[str, Any]:
    start, at = -1, 0
    for _ in range(span.occurrence if span.quote else 0):
        start = text.find(span.quote, at)
        at = start + len(span.quote)
        if start < 0:
            there = text.count(span.quote)
            wrong.append(f"{file}: occurrence {span.occurrence} of {span.quote!r} is not there; the text has {there}")
            break
    if span.label not in schema.label_names:
        wrong.append(f"{file}: {span.quote!r}: unknown label {span.label!r}")
    known = {attribute.name for attribute in schema.attributes}
    wrong += [f"{file}: {span.quote!r}: unknown attribute {name!r}" for name, _ in span.attributes if name not in known]
    end = start + len(span.quote)
    return {
        "span_id": region_id(start, end, span.label),
        "start": start,
        "end": end,
        "surface": span.quote,
        "label": span.label,
        "attributes": [{"name": name, "value": value} for name, value in span.attributes],
    }


def _tasks(
    studio: Studio, recorded: Recorded, *, project_ids: Sequence[int], documents: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Find the tasks of each article's text, one for each part of it, with their predictions."""
    doc_ids = [document["doc_id"] for document in documents.values()]
    tasks: dict[tuple[str, str], dict[Place, dict[str, Any]]] = {}
    fields = ("project", "predictions", "result")
    for task in (task for number in project_ids for task in find_tasks(studio, number, doc_ids, also=fields)):
        key = (task["data"]["doc_id"], task["data"].get("text_sha256", ""))
        tasks.setdefault(key, {}).setdefault(place_of(task["data"]), task)
    found: dict[str, list[dict[str, Any]]] = {}
    for file, document in documents.items():
        key = (document["doc_id"], document["text_sha256"])
        if key not in tasks:
            raise UnknownError(
                f"{recorded.place}: project {project_ids[0]} has no task of {file!r}", fix="copydesk push"
            )
        found[file] = list(tasks[key].values())
    return found


def _suggested(task: Mapping[str, Any], offset: int) -> set[_Place]:
    """Give the suggestions of a task, whose part of the text begins at ``offset``."""
    items = [item for prediction in task["predictions"] for item in prediction["result"]]
    return {
        (item["value"]["start"] + offset, item["value"]["end"] + offset, label)
        for item in items
        if item.get("type") == "labels"
        for label in item["value"]["labels"]
    }


def _place(span: Mapping[str, Any]) -> _Place:
    return span["start"], span["end"], span["label"]


def _post(studio: Studio, task_id: int, body: Mapping[str, Any]) -> bool:
    """Make an annotation unless it is there; says whether it was made. Its identity lets a write be tried again."""
    for left in reversed(range(_TRIES)):
        try:
            studio.post(f"api/tasks/{task_id}/annotations/", json=body)
        except StudioRefused as error:
            if status_of(error) == httpx.codes.CONFLICT:
                return False
            raise
        except (StudioTimeout, StudioBroken):
            if not left:
                raise
        else:
            return True
    return False

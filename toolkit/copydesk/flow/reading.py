"""The library to its pages: the list of documents, each of them with its labels, and where a label came from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from copydesk.flow.reading_document import RELATIONS, sheet
from copydesk.flow.reading_index import Library
from copydesk.flow.why import why
from copydesk.report.page import Part, part
from copydesk.report.reader import AGREED, DIFFERENCES, Layer, Said, Sheet, blocks, compared
from copydesk.report.search import MOST_COUNTED, Wanted
from copydesk.report.serve import View
from copydesk.workspace import Workspace

SIDE_BY_SIDE = "side"
_KEPT = ("q", "schema", "label", "publisher", "language", "disputed", "waiting")  # from page to page
_DIGITS = 9  # of a number in a query


def views(library: Library) -> dict[str, View]:
    """Give what is shown under each path."""
    return {
        "/documents": lambda asked: _documents(library, asked),
        "/documents/{doc_id:path}": lambda asked: _document(library, asked),
        "/labels/{label_id:path}": lambda asked: _passport(library, asked),
    }


def _seen(library: Library, asked: Mapping[str, str]) -> Workspace:
    """The workspace under the schema that is asked for."""
    schema = asked.get("schema", "")
    return library.workspace.under(schema) if schema else library.workspace


def _number(asked: Mapping[str, str], name: str) -> int | None:
    text = asked.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def _documents(library: Library, asked: Mapping[str, str]) -> Part:
    workspace, shelf = _seen(library, asked), library.shelf()
    wanted = Wanted(
        words=asked.get("q", ""),
        schema=workspace.schema_name,
        label=asked.get("label", ""),
        publisher=asked.get("publisher", ""),
        language=asked.get("language", ""),
        disputed="disputed" in asked,
        waiting="waiting" in asked,
        after=_number(asked, "after"),
        before=_number(asked, "before"),
    )
    kept = {name: asked[name] for name in _KEPT if asked.get(name)}
    return part(
        "documents.html",
        title="Documents",
        asked=kept,
        wanted=wanted,
        answer=shelf.index.find(wanted),
        most=MOST_COUNTED,
        read=None if shelf.whole else shelf.index.read,
        total=shelf.total,
        labels=workspace.schema().label_names,
        schemas=library.workspace.schemas,
        schema=workspace.schema_name,
        values={name: shelf.index.values(name) for name in ("publisher", "language")},
    )


def _document(library: Library, asked: Mapping[str, str]) -> Part:
    workspace = _seen(library, asked)
    one = sheet(workspace, library.shelf().index, asked["doc_id"], revision=_number(asked, "revision"))
    view, layers = _viewed(one, asked.get("view", ""))
    there = {mark.key for layer in layers for mark in layer.marks}
    return part(
        "reader.html",
        title=one.title or one.doc_id,
        sheet=one,
        chosen=view,
        views=[layer.name for layer in one.layers],
        layers=layers,
        there=there,
        beside=_beside(one, there),
        relations=RELATIONS,
        blocks=blocks(one.text, one.zones, layers),
        colours={label.name: label.colour for label in one.labels},
        differences=DIFFERENCES,
        schemas=library.workspace.schemas,
        many=len(library.workspace.schemas) > 1,
        schema=workspace.schema_name,
    )


def _viewed(one: Sheet, view: str) -> tuple[str, list[Layer]]:
    """Give the view that is asked for, or else what is agreed; and the layers that it shows."""
    agreed, *people = one.layers
    if view == SIDE_BY_SIDE and people:
        return view, [agreed, *compared(people)]
    return next(((layer.name, [layer]) for layer in people if layer.name == view), (AGREED, [agreed]))


def _beside(one: Sheet, there: Collection[str]) -> dict[str, list[Said]]:
    """Give what is listed beside the text; of relations those of the hands that are shown."""
    listed = {
        heading: [said for said in entries if heading != RELATIONS or said.links[0][2] in there]
        for heading, entries in one.beside.items()
    }
    return {heading: entries for heading, entries in listed.items() if entries}


def _passport(library: Library, asked: Mapping[str, str]) -> Part:
    told = why(library.workspace, asked["label_id"])
    document = next(step["facts"] for step in told["steps"] if step["step"] == "document")
    mine = (name for name in library.workspace.schemas if library.workspace.schema(name).name == told["schema"])
    return part(
        "passport.html",
        title=f"{told['label']['label']} {told['id']}",
        told=told,
        doc_id=document["doc_id"],
        schema=next(mine, library.workspace.schema_name),
    )

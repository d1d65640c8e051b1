"""Tangled documents go to an adjudicator as a whole, with what is agreed as the start, and what was decided of them comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.adjudication import Heard, known_of, question_of, tangled
from copydesk.flow.connect import project_spec
from copydesk.flow.current import current_documents
from copydesk.flow.decided import LABELS
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.schema import LabelSchema
from copydesk.studio.asked import AskReport
from copydesk.studio.client import Studio
from copydesk.studio.projects import ProjectSpec, find_project
from copydesk.studio.whole import INSTRUCTIONS, DocumentQuestion, Marks, ask_documents, undecided
from copydesk.workspace import Workspace

_OTHERS = {"relation": "relations", "category": "categories"}  # kinds of dispute that are not over words

_Row = dict[str, Any]


def whole_spec(workspace: Workspace, schema: LabelSchema) -> ProjectSpec:
    """Say what the project is to be in which whole documents are decided: labelled as in that of the annotators."""
    labelling = project_spec(workspace, schema)
    return replace(
        labelling,
        title=f"{labelling.title[:29]}: adjudication, whole",
        marker=f"copydesk adjudication whole {workspace.settings.name} {schema.name}",
        instructions=INSTRUCTIONS + labelling.instructions,
        annotators_per_task=1,
    )


def ask_whole(
    workspace: Workspace, studio: Studio, schema: LabelSchema, *, requested: Collection[str]
) -> tuple[AskReport | None, set[str]]:
    """Ask for the documents in dispute that are tangled, ``requested``, or asked for already; gives which these are.

    A text that is too long to be one task is not asked for as a whole.
    """
    spec = whole_spec(workspace, schema)
    project = find_project(studio, spec)
    disputes = workspace.agreed.read("disputes")
    table = _of_documents(current_documents(workspace), disputes["doc_id"].to_pylist())
    documents = {row["doc_id"]: row for row in table.to_pylist()}
    lengths = {doc_id: len(row["text"]) for doc_id, row in documents.items()}
    settings = workspace.settings.adjudicate
    found = tangled(disputes, lengths=lengths, dense=settings.dense, candidates=settings.candidates)
    found |= (set(requested) | (undecided(studio, project["id"]) if project else set())) & set(lengths)
    found = {one for one in found if lengths[one] <= workspace.settings.studio.window_chars}
    questions = _questions(workspace, _of_documents(table, found), disputes)
    return ask_documents(studio, project=spec, questions=questions, schema=schema), found


def _questions(workspace: Workspace, documents: pa.Table, disputes: pa.Table) -> list[DocumentQuestion]:
    doc_ids = documents["doc_id"].to_pylist()
    labels = {name: _of_documents(workspace.labels.read(name), doc_ids) for name in LABELS}
    labels["spans"], _ = on_whole_words(workspace, labels["spans"], documents)
    heard = Heard.of(doc_ids, tables=labels)
    drawn = _gathered({name: labels[name] for name in LABELS[1:]}, by="annotation_id")
    agreed = _gathered(
        {name: _of_documents(workspace.agreed.read(f"agreed_{name}"), doc_ids) for name in LABELS[1:]}, by="doc_id"
    )
    said = heard.by_document()
    questions = []
    for document in documents.to_pylist():
        doc_id = document["doc_id"]
        known = known_of(said.get(doc_id, ()))
        question_id = question_of(doc_id, document["text_sha256"], known)
        readers = sorted(heard.reads[doc_id], key=lambda one: _shuffled(question_id, one))
        questions.append(
            DocumentQuestion(
                question_id,
                document,
                known,
                _told(disputes, document),
                agreed.get(doc_id, _NOTHING),
                [drawn.get(heard.reads[doc_id][one]["annotation_id"], _NOTHING) for one in readers],
            )
        )
    return questions


_NOTHING = Marks((), (), ())


def _shuffled(question_id: str, annotator: str) -> bytes:
    """Give what readers are sorted by: an order that is random and always the same."""
    return hashlib.sha256(f"{question_id}|{annotator}".encode()).digest()


def _gathered(tables: Mapping[str, pa.Table], *, by: str) -> dict[str, Marks]:
    """Gather rows of spans, relations and categories by a column."""
    rows: dict[str, dict[str, list[_Row]]] = {}
    for name, table in tables.items():
        for row in table.to_pylist():
            rows.setdefault(row[by], {}).setdefault(name, []).append(row)
    return {
        key: Marks(
            own.get("spans", []),
            own.get("relations", []),
            [(row["name"], row["value"]) for row in own.get("categories", [])],
        )
        for key, own in rows.items()
    }


def _told(disputes: pa.Table, document: Mapping[str, Any]) -> list[str]:
    """Say what is in dispute in a document: words in the order of the text, and whether relations or categories are, too."""
    rows = disputes.filter(pc.equal(disputes["doc_id"], document["doc_id"])).to_pylist()
    drawn = sorted({(row["start"], row["end"]) for row in rows if row["kind"] not in _OTHERS})
    kinds = {row["kind"] for row in rows}
    return [
        *(f"\u201c{document['text'][start:end]}\u201d" for start, end in drawn),
        *(told for kind, told in _OTHERS.items() if kind in kinds),
    ]


def _of_documents(table: pa.Table, doc_ids: Iterable[str]) -> pa.Table:
    return table.filter(pc.is_in(table["doc_id"], pa.array(sorted(set(doc_ids)), pa.string())))

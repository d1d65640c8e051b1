"""The workspace's labels in, the table ``annotators`` and a readable account of each person out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.people import Given, annotator_facts
from copydesk.errors import UsageError
from copydesk.flow import gold
from copydesk.flow.agree import agree, agreed_key
from copydesk.flow.current import current_documents
from copydesk.flow.labels import read_annotations
from copydesk.flow.people_text import account_of
from copydesk.flow.report import Report
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.progress import Progress
from copydesk.model.tables import empty
from copydesk.store import digest_of, locked
from copydesk.studio import people
from copydesk.studio.changes import current_state
from copydesk.workspace import Workspace

_RECIPE = "annotators/2"


def report(workspace: Workspace, *, names: bool, progress: Progress) -> Report:
    """Measure every annotator, and tell it person by person; under names instead of pseudonyms where ``names`` asks for them.

    The table ``annotators`` has pseudonyms always. Raises UsageError where nobody has annotated or skipped anything.
    """
    agree(workspace, progress=progress)
    with locked(workspace.lock):
        key = facts_key(workspace)
        changed = not workspace.annotators_known.is_made_from(key)
        if changed:
            tables = {"annotators": annotator_facts(given(workspace))}
            workspace.annotators_known.replace(tables, {"stage": "annotators", "key": key})
        rows = workspace.annotators_known.read("annotators").to_pylist()
    if not rows:
        raise UsageError(
            "nobody has annotated anything yet", fix="run copydesk pull once somebody has submitted a task"
        )
    called = names_of(workspace) if names else {}
    facts = [{**row, "annotator": called.get(row["annotator"], row["annotator"])} for row in rows]
    by_person: dict[str, list[dict[str, Any]]] = {}
    for row in facts:
        by_person.setdefault(row["annotator"], []).append(row)
    counts = {
        "annotators": len(by_person),
        "documents": pc.count_distinct(workspace.labels.read("reads")["doc_id"]).as_py(),
    }
    lines = tuple(line for name, own in by_person.items() for line in account_of(name, own))
    lines += tuple(_unnamed(by_person, called)) if names else ()
    return Report("people", counts, changed=changed, lines=lines, data={"facts": facts})


def facts_key(workspace: Workspace) -> str:
    """Digest of all that the facts about people are made from."""
    return digest_of([_RECIPE, agreed_key(workspace), gold.digest(workspace)])


def given(workspace: Workspace) -> Given:
    """Gather what facts about people are made of; the caller has the labels agreed, and holds the lock."""
    annotations = current_state(workspace.pulls)
    reads, drawn = workspace.labels.read("reads"), workspace.labels.read("spans")
    spans, snapped = on_whole_words(workspace, drawn)
    earlier_reads, earlier_spans = _superseded(workspace, annotations)
    known, known_spans = gold.known(workspace, annotations)
    partly = pc.is_in(reads["annotation_id"], workspace.labels.read("unread")["annotation_id"].combine_chunks())
    return Given(
        reads=reads.filter(pc.invert(partly)),
        partly=reads.filter(partly),
        spans=spans,
        documents=current_documents(workspace),
        agreed=workspace.agreed.read("agreed_spans"),
        disputes=workspace.agreed.read("disputes"),
        gold=known,
        gold_spans=known_spans,
        skipped=_skipped(annotations, reads),
        labels=workspace.schema().label_names,
        every_read=pa.concat_tables([reads, earlier_reads]),
        every_span=pa.concat_tables([spans, on_whole_words(workspace, earlier_spans)[0]]),
        drawn=drawn,
        snapped=snapped,
    )


def names_of(workspace: Workspace) -> dict[str, str]:
    """Give the names of those whose accounts the workspace made, by pseudonym."""
    return {one.pseudonym: one.name for one in people.read_people(workspace.people_file) if one.pseudonym}


def _unnamed(by_person: Mapping[str, object], called: Mapping[str, str]) -> Iterator[str]:
    unknown = [name for name in by_person if name not in called.values()]
    if unknown:
        yield f"of {', '.join(unknown)} the workspace knows no name: their accounts were made elsewhere"


def _skipped(annotations: pa.Table, reads: pa.Table) -> dict[str, int]:
    """Count the documents that each person skipped and has not read."""
    live = annotations.filter(pc.and_(pc.equal(annotations["state"], "live"), annotations["cancelled"]))
    left = set(zip(live["annotator"].to_pylist(), live["doc_id"].to_pylist(), strict=True))
    left -= set(zip(reads["annotator"].to_pylist(), reads["doc_id"].to_pylist(), strict=True))
    counts: dict[str, int] = {}
    for annotator, _ in sorted(left):
        counts[annotator] = counts.get(annotator, 0) + 1
    return counts


def _superseded(workspace: Workspace, annotations: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Read what people had submitted before they annotated a document again: reads and spans, each annotation for itself."""
    found_reads, found_spans = [empty("reads")], [empty("spans")]
    rejected = workspace.labels.read("rejected")
    while ids := _ids_of_superseded(rejected):
        wanted = annotations.filter(pc.is_in(annotations["annotation_id"], pa.array(ids, pa.string())))
        outcome = read_annotations(workspace, wanted)
        # What was carried over from an older text is not what somebody said of this one.
        carried = outcome.kept["anchors"]["annotation_id"].combine_chunks()
        for found, name in ((found_reads, "reads"), (found_spans, "spans")):
            table = outcome.kept[name]
            found.append(table.filter(pc.invert(pc.is_in(table["annotation_id"], carried))))
        rejected = outcome.rejected
    return pa.concat_tables(found_reads), pa.concat_tables(found_spans)


def _ids_of_superseded(rejected: pa.Table) -> list[str]:
    rows = rejected.filter(pc.equal(rejected["reason"], "superseded"))["row"].to_pylist()
    return [json.loads(row)["annotation_id"] for row in rows]

"""The workspace's agreed labels in, the table ``suspects`` out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv, json, parquet

from copydesk.agreement.adjudication import conflicts_of_suspects
from copydesk.agreement.suspects import Corpus, Probabilities, surface_of
from copydesk.agreement.suspects import ledger as of_surfaces
from copydesk.agreement.suspects import suspects as ranked
from copydesk.errors import ConfigError
from copydesk.flow.adjudicate import adjudication_spec, project_url, shown
from copydesk.flow.agree import agree, agreed_key
from copydesk.flow.connect import connected
from copydesk.flow.current import current_documents
from copydesk.flow.decided import decisions_made
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.store import digest_of, file_sha256, locked
from copydesk.studio.adjudication import ask_suspects
from copydesk.suggestions import aliases, read_names
from copydesk.workspace import Workspace

_RECIPE = "suspects/3"
_PLACE = {"doc_id": pa.string(), "start": pa.int64(), "end": pa.int64()}
_FIX = "give .parquet, .csv or .jsonl with doc_id, start, end, and a column of probabilities for each label and for nothing"


@dataclass(frozen=True, slots=True)
class Options:
    """What is listed: labels with a score of ``least`` or more; the ``first`` of them are told, and as many as ``send`` sent.

    ``probabilities`` is a table of what a model says: see ``read_probabilities``.
    """

    least: float = 0.4
    first: int = 20
    probabilities: Path | None = None
    send: int = 0


def suspects(workspace: Workspace, options: Options, *, progress: Progress) -> Report:
    """Rank the labels that are likely to be wrong, and have the first of them decided where that is wanted.

    Raises ConfigError for probabilities that are none and, where something is sent, the ``errors.Studio*``.
    """
    least, probabilities = options.least, options.probabilities
    said = read_probabilities(probabilities) if probabilities else None
    agree(workspace, progress=progress)
    with locked(workspace.lock):
        part = workspace.copies.part()
        copies = part.receipt["files"] if part else {}
        told = file_sha256(probabilities) if probabilities else ""
        key = digest_of([_RECIPE, agreed_key(workspace), copies, least, told, workspace.names()[0]])
        changed = not workspace.suspects.is_made_from(key)
        if changed:
            table = ranked(_corpus(workspace), least=least, said=said)
            workspace.suspects.replace({"suspects": table}, {"stage": "suspects", "key": key})
        table = workspace.suspects.read("suspects")
    rows = table.slice(0, options.first).to_pylist()
    lines = tuple(
        f"{row['score']:.2f} {row['label'] or 'nothing'} {row['surface']!r} in {row['doc_id']} [{row['start']}:{row['end']}], "
        f"{row['reason']}: {row['detail']}"
        for row in rows
    )
    if table.num_rows > options.first:
        more = table.num_rows - options.first
        lines += (f"… and {more:,} more: --first tells more of them, the table suspects has all",)
    counts = {"suspects": table.num_rows, **dict(sorted(Counter(table["reason"].to_pylist()).items()))}
    report = Report("suspects", counts, changed=changed, lines=lines, data={"suspects": rows})
    return _sent(workspace, report, table, most=options.send) if options.send else report


def ledger(workspace: Workspace, *, first: int, odd: bool, progress: Progress) -> Report:
    """Tell how each surface, with its aliases, is labelled in the agreed labels; where ``odd``, only those that have odd ones."""
    agree(workspace, progress=progress)
    agreed = workspace.agreed.read("agreed_spans")
    rows = of_surfaces(agreed, _aliases(workspace, agreed)).to_pylist()
    surfaces: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        surfaces.setdefault(row["surface"], []).append(row)
    shown = {name: own for name, own in surfaces.items() if not odd or any(row["odd"] for row in own)}
    lines = tuple(
        f"{name!r}{_also(name, own)}: "
        + ", ".join(f"{row['label']} {row['spans']}{' (odd)' * row['odd']}" for row in own)
        for name, own in list(shown.items())[:first]
    )
    counts = {"surfaces": len(surfaces), "of several labels": sum(len(own) > 1 for own in surfaces.values())}
    counts["odd labels"] = sum(row["spans"] for row in rows if row["odd"])
    if len(shown) > first:
        lines += (f"… and {len(shown) - first:,} more: --first tells more of them",)
    data = {"ledger": [row for own in list(shown.values())[:first] for row in own]}
    return Report("ledger", counts, changed=False, lines=lines, data=data)


def _sent(workspace: Workspace, report: Report, table: pa.Table, *, most: int) -> Report:
    """Ask for the first suspects that nobody decided, beside the conflicts."""
    with locked(workspace.lock), connected(workspace) as studio:
        documents = current_documents(workspace).select(["doc_id", "revision"]).to_pylist()
        revisions = {row["doc_id"]: row["revision"] for row in documents}
        asked = conflicts_of_suspects(table.to_pylist(), revisions=revisions)
        known = {row["conflict_id"] for row in decisions_made(workspace).conflicts}
        open_now = [one for one in asked if one["conflict_id"] not in known]
        texts, contexts = shown(workspace, open_now[:most])
        done = ask_suspects(
            studio,
            project=adjudication_spec(workspace, workspace.schema()),
            suspects=open_now[:most],
            kept={one["conflict_id"] for one in open_now},
            texts=texts,
            contexts=contexts,
        )
        url = project_url(studio, done)
    if done is None:
        return report
    counts = {**report.counts, "asked": done.asked, "superseded": done.superseded}
    changed = report.changed or bool(done.asked or done.superseded)
    lines = (*report.lines, f"project: {url}")
    return Report(report.stage, counts, changed=changed, lines=lines, data={**report.data, "project": url})


def read_probabilities(file: Path) -> Probabilities:
    """Read a table (Parquet, CSV or JSON Lines) with ``doc_id``, ``start``, ``end``, and a column of probabilities for each label.

    Raises ConfigError, naming the file, where it cannot be read, lacks a column, or holds anything but probabilities.
    """
    table = _table(file)
    if lacking := [name for name in _PLACE if name not in table.column_names]:
        raise ConfigError(f"{file} has no column {', '.join(lacking)}", fix=_FIX)
    labels = [name for name in table.column_names if name not in _PLACE]
    try:
        columns = [table[name].cast(pa.float64()).to_numpy() for name in labels]
        places = zip(*(table[name].cast(kind).to_pylist() for name, kind in _PLACE.items()), strict=True)
        rows = {place: row for row, place in enumerate(places)}
    except pa.ArrowException as error:
        raise ConfigError(f"{file} holds something else than places and probabilities: {error}", fix=_FIX) from error
    values = np.column_stack(columns) if columns else np.zeros((table.num_rows, 0))
    if not labels or not bool(np.all((values >= 0) & (values <= 1))):
        raise ConfigError(f"{file} holds something else than probabilities from 0 to 1", fix=_FIX)
    return Probabilities(labels, rows, values)


def _table(file: Path) -> pa.Table:
    try:
        if file.suffix == ".parquet":
            return parquet.read_table(file, partitioning=None)
        return json.read_json(file) if file.suffix == ".jsonl" else csv.read_csv(file)
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{file} cannot be read: {error}", fix=_FIX) from error


def _aliases(workspace: Workspace, agreed: pa.Table) -> dict[str, str]:
    text, place = workspace.names()
    commonest = Counter(map(surface_of, agreed["surface"].to_pylist())).most_common()
    surfaces = (surface for surface, _ in sorted(commonest, key=lambda one: (-one[1], one[0])))
    return aliases(surfaces, read_names(text, place=place, schema=workspace.schema()))


def _also(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    others = sorted({spelling for row in rows for spelling in row["spellings"]} - {name})
    return f" (also {', '.join(map(repr, others))})" if others else ""


def _corpus(workspace: Workspace) -> Corpus:
    agreed = workspace.agreed.read("agreed_spans")
    return Corpus.of(
        documents=current_documents(workspace),
        reads=workspace.labels.read("reads"),
        agreed=agreed,
        aliases=_aliases(workspace, agreed),
        disputes=workspace.agreed.read("disputes"),
        copies=workspace.copies.read("copies"),
    )

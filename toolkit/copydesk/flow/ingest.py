"""Articles in, documents out: reads files in batches and commits each batch as one part of the ingest log."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.articles import Limits, accepted, find_files, read_articles
from copydesk.documents import RECIPE, build_documents
from copydesk.errors import RejectedError
from copydesk.flow.report import Report, reason_counts, reason_lines
from copydesk.model.progress import Progress
from copydesk.model.tables import DOCUMENTS, empty
from copydesk.store import digest_of, locked
from copydesk.workspace import Workspace

BATCH = 500
_KNOWN = tuple(name for name in DOCUMENTS.names if name != "text")


def ingest(workspace: Workspace, paths: Sequence[Path], *, progress: Progress) -> Report:
    """Read the files under ``paths`` (by default the settings' ones); what is known and unchanged is left alone.

    Each batch of files is committed as it is done, so an interrupted run goes on where it was.
    """
    named = paths or [workspace.root / path for path in workspace.settings.ingest.paths]
    sources, passed_over = _sources(workspace, named)
    with locked(workspace.lock):
        seen = list(_batches(workspace, sources, progress=progress))
    read = [source for batch, _ in seen for source in batch]
    return _report(workspace, read, new=sum(new for _, new in seen), passed_over=passed_over)


def rejected_fault(workspace: Workspace, report: Report) -> RejectedError | None:
    """Give the error where more of the files were rejected than the settings allow."""
    files, rejected = report.counts["files"], report.counts["rejected"]
    limit = workspace.settings.ingest.max_rejected
    if not files or rejected / files <= limit:
        return None
    return RejectedError(
        f"{rejected} of {files} files were rejected, more than the limit of {limit:.0%}",
        fix="look at the reasons; raise [ingest] max_rejected in copydesk.toml if that is expected",
    )


def current_rejected(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Give, by source, why the newest article of a source was rejected; an earlier document of it stays as it was."""
    current: dict[str, dict[str, Any]] = {}
    for part in workspace.documents.parts():
        rejected = {row["item"]: row for row in part.read("rejected").to_pylist()}
        for source in part.read("articles", columns=["source"])["source"].to_pylist():
            current.pop(source, None)
            if source in rejected:
                current[source] = rejected[source]
    return current


def current_documents(workspace: Workspace) -> pa.Table:
    """Give the newest revision of every document, sorted by ``doc_id``."""
    documents = workspace.documents.read("documents")
    return newest(documents, documents).sort_by("doc_id")


def current_articles(workspace: Workspace, documents: pa.Table) -> pa.Table:
    """Give what is known of the article behind each of these documents, without its bytes: the newest row of each."""
    columns = [name for name in empty("articles").column_names if name != "raw"]
    articles = workspace.documents.read("articles", columns=columns)
    last = {pair: row for row, pair in enumerate(_pairs(articles))}
    return articles.take(pa.array([last[pair] for pair in _pairs(documents)], pa.int64()))


def newest(rows: pa.Table, documents: pa.Table) -> pa.Table:
    """Give the rows (of documents, zones or edits) that belong to the newest revision of their document."""
    last = documents.group_by("doc_id").aggregate([("revision", "max")]).rename_columns(["doc_id", "last"])
    joined = rows.append_column("row", pa.array(range(rows.num_rows), pa.int64())).select(["doc_id", "revision", "row"])
    joined = joined.join(last, "doc_id")
    kept = joined.filter(pc.equal(joined["revision"], joined["last"]))["row"]
    return rows.take(pc.take(kept, pc.sort_indices(kept)))


def _pairs(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table["source"].to_pylist(), table["raw_sha256"].to_pylist(), strict=True))


def _sources(workspace: Workspace, paths: Sequence[Path]) -> tuple[list[tuple[str, Path]], int]:
    """Name every file: by its path in the workspace, or by its whole path where it lies outside."""
    found = find_files(paths)
    named: dict[str, Path] = {}
    for file in found.files:
        path = file.parent.resolve() / file.name  # a link is called what it is called, wherever it leads
        inside = path.is_relative_to(workspace.root)
        named[(path.relative_to(workspace.root) if inside else path).as_posix()] = path
    return sorted(named.items()), len(found.passed_over)


def _batches(
    workspace: Workspace, sources: Sequence[tuple[str, Path]], *, progress: Progress
) -> Iterator[tuple[list[str], int]]:
    """Work through the files; yields the sources of each batch, and how many of its articles were new."""
    settings = workspace.settings.ingest
    limits = Limits(max_bytes=settings.max_bytes, max_chars=settings.max_chars)
    options = {"max_bytes": settings.max_bytes, "max_chars": settings.max_chars, "recipe": RECIPE}
    known = _fingerprints(workspace, options)
    done = 0
    remaining = iter(sources)
    while batch := list(itertools.islice(remaining, BATCH)):
        articles, rejected = read_articles(batch, limits=limits)
        rows = articles.drop_columns(["raw"]).to_pylist()
        fresh = articles.filter(pa.array([known.get(row["source"]) != _fingerprint(row) for row in rows], pa.bool_()))
        if fresh.num_rows:
            _commit(workspace, fresh, rejected, options=options)
        done += len(batch)
        progress("reading articles", done, len(sources))
        yield articles["source"].to_pylist(), fresh.num_rows


def _commit(workspace: Workspace, articles: pa.Table, unread: pa.Table, *, options: dict[str, Any]) -> None:
    log = workspace.documents
    outcome = build_documents(
        accepted(articles), known=log.read("documents", columns=_KNOWN), max_chars=options["max_chars"]
    )
    unread = unread.filter(pc.is_in(unread["item"], articles["source"].combine_chunks()))
    rejected = pa.concat_tables([unread, outcome.rejected])
    counts = {"articles": articles.num_rows, "rejected": rejected.num_rows}
    receipt = {"stage": "ingest", "options": options, "counts": counts}
    log.append({"articles": articles, "rejected": rejected, **outcome.kept}, receipt)


def _fingerprints(workspace: Workspace, options: dict[str, Any]) -> dict[str, str]:
    """Digest of the newest article of each source; empty where it was read under other rules or limits."""
    columns = [name for name in empty("articles").column_names if name != "raw"]
    return {
        row["source"]: _fingerprint(row) if part.receipt["options"] == options else ""
        for part in workspace.documents.parts()
        for row in part.read("articles", columns=columns).to_pylist()
    }


def _fingerprint(article: dict[str, Any]) -> str:
    return digest_of({name: str(value) for name, value in article.items()})


def _report(workspace: Workspace, sources: Sequence[str], *, new: int, passed_over: int) -> Report:
    failed = current_rejected(workspace)
    rejected = [failed[source] for source in sources if source in failed]
    counts = {
        "files": len(sources),
        "kept": len(sources) - len(rejected),
        "rejected": len(rejected),
        "new": new,
        "passed over": passed_over,
    }
    return Report(
        "ingest",
        counts,
        changed=new > 0,
        lines=reason_lines(rejected),
        data={"rejected": rejected, "reasons": reason_counts(rejected)},
    )

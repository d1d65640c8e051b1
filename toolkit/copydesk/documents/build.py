"""The table ``articles`` in; ``documents``, their ``zones`` and ``edits`` out, or a row of ``rejected`` with the reason."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.columns import Row, tables_of
from copydesk.documents.read import Asked, Made, read_documents
from copydesk.documents.repeated import Repeated
from copydesk.errors import OWN_FAULT, StoreError
from copydesk.model import tables
from copydesk.model.document import doc_id_of, text_sha256
from copydesk.model.tables import Outcome

STAGE = "documents"
RECIPE = "documents/4"
_TOLD = tuple(name for name in tables.DOCUMENTS.names if name not in {"revision", "text"})


class _Article(NamedTuple):
    """What is read of a row of ``articles``; columns that a table does not have are empty."""

    source: str
    raw_sha256: str
    format: str
    encoding: str
    raw: bytes
    title: str | None
    authors: list[str] | None
    language: str | None
    url: str | None
    publisher: str | None
    published_at: datetime | None
    licence: str | None
    container: str | None


def build_documents(
    articles: pa.Table, *, known: pa.Table, max_chars: int, repeated: Repeated | None = None
) -> Outcome:
    """Make the documents of ``articles`` (rows with an ``encoding``; see ``copydesk.articles.accepted``).

    ``known`` are earlier rows of ``documents``, of which all columns but ``text`` are read. An article whose document is known
    and whose newest revision says the same is a kept row that adds nothing; any other is the next revision of its document,
    also of one made earlier in the same call. ``repeated`` are the lines that open or close many articles of one source (see
    ``repeated_lines``). Rejected with ``undecodable`` (the row is damaged), ``no-text`` and ``too-long`` (more than ``max_chars``
    characters).
    Raises StoreError for a row without ``raw``, ``format`` or ``encoding``, and for a ``known`` without one of those columns.
    """
    with _collector_at_rest():
        return _built(articles, _History(known, sources=articles.column("source").to_pylist()), max_chars, repeated)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let the collector of reference cycles rest: of the many small things that are made here none refers to itself."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _built(articles: pa.Table, history: _History, max_chars: int, repeated: Repeated | None) -> Outcome:
    rows = list(_articles(articles))
    kept: list[Row] = []
    kept_rows = 0
    rejected: list[dict[str, Any]] = []
    for number, (article, made) in enumerate(zip(rows, _made(rows, max_chars, repeated), strict=True)):
        if made.reason:
            rejected.append(_rejected(articles.slice(number, 1), made))
            continue
        kept_rows += 1
        told = _told(article, made)
        revision = history.next_revision(told[0], told)
        if revision:
            kept.append(Row(told, made, revision))
    return Outcome(kept=tables_of(kept), rejected=tables.from_rows("rejected", rejected), kept_rows=kept_rows)


def _articles(articles: pa.Table) -> Iterator[_Article]:
    """Read the rows of ``articles`` that can be used."""
    nothing = [None] * articles.num_rows
    filled = {name for name in articles.column_names if articles.column(name).null_count < articles.num_rows}
    listed = [articles.column(name).to_pylist() if name in filled else nothing for name in _Article._fields]
    for article in map(_Article._make, zip(*listed, strict=True)):
        for name in ("raw", "format", "encoding"):
            if getattr(article, name) is None:
                raise StoreError(
                    f"table articles, source {article.source!r}: {name!r} is empty, so it was rejected when it was read",
                    fix="hand over accepted(articles) only",
                )
        yield article


class _History:
    """The newest revision of each document, and what it says."""

    def __init__(self, known: pa.Table, *, sources: Sequence[str]) -> None:
        missing = [name for name in ("revision", *_TOLD) if name not in known.column_names]
        if missing:
            raise StoreError(f"table documents: no column {missing[0]!r} among the known documents", fix=OWN_FAULT)
        asked = pa.array({doc_id_of(source) for source in sources}, pa.string())
        rows = known.select(["doc_id", "revision", *_TOLD[1:]]).filter(pc.is_in(known.column("doc_id"), asked))
        self._newest: dict[str, tuple[int, tuple[Any, ...]]] = {}
        for doc_id, revision, *told in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            if revision > self._newest.get(doc_id, (0, ()))[0]:
                self._newest[doc_id] = (revision, (doc_id, *told))

    def next_revision(self, doc_id: str, told: tuple[Any, ...]) -> int:
        """Give the revision of a document that says something new, and note it; 0 for one that does not."""
        revision, before = self._newest.get(doc_id, (0, ()))
        if before == told:
            return 0
        self._newest[doc_id] = (revision + 1, told)
        return revision + 1


def _told(article: _Article, made: Made) -> tuple[Any, ...]:
    """Give a row of ``documents`` but for its revision and text.

    What whoever handed the article over says of it goes first, then what the page or the text says of itself.
    """
    facts = made.facts
    return (
        made.asked.doc_id,
        text_sha256(made.text),
        article.source,
        article.raw_sha256,
        article.title or made.title,
        article.authors or list(facts.authors or made.authors) or None,
        made.language,
        article.url or facts.url,
        article.publisher or facts.publisher,
        article.published_at or facts.published_at or made.published_at,
        article.licence or facts.licence,
        made.asked.recipe,
    )


def _made(articles: Sequence[_Article], max_chars: int, repeated: Repeated | None) -> Iterator[Made]:
    """Decode the articles and read their documents."""
    decoded = [_decoded(article, repeated) for article in articles]
    asked = [one for one in decoded if isinstance(one, Asked)]
    made = iter(read_documents(asked, max_chars=max_chars))
    return (next(made) if isinstance(one, Asked) else one for one in decoded)


def _decoded(article: _Article, repeated: Repeated | None) -> Asked | Made:
    lines = repeated.of(article.publisher, article.url, article.container) if repeated else None
    asked = Asked("", article.format, doc_id_of(article.source), RECIPE, lines, article.language)
    try:
        return asked._replace(article=article.raw.decode(article.encoding))
    except (UnicodeDecodeError, LookupError) as error:
        return Made(asked, reason="undecodable", detail=f"as {article.encoding}: {error} (fix: read the file again)")


def _rejected(row: pa.Table, made: Made) -> dict[str, Any]:
    # The bytes stay in `articles`, found by their digest.
    [facts] = row.drop_columns(["raw"]).to_pylist()
    return tables.rejected_row(
        stage=STAGE,
        item=facts["source"],
        reason=made.reason,
        detail=made.detail,
        row=facts,
        doc_id=doc_id_of(facts["source"]),
    )

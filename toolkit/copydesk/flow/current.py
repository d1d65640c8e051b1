"""The ingest log in; what is true of it now out: the newest revision of each document, and the rejections that stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.repeated import RULE
from copydesk.errors import UnknownError
from copydesk.flow.repeated import name_of
from copydesk.model.tables import empty
from copydesk.store import Part, part_at
from copydesk.workspace import Workspace


def current_rejected(workspace: Workspace) -> list[dict[str, Any]]:
    """Give what is rejected now: rows of ``rejected`` with their ``container`` and ``place``, sorted by source.

    A source is what its newest article was; an earlier document of it stays as it was.
    """
    current: dict[str, dict[str, Any]] = {}
    for part in workspace.documents.parts():
        articles = part.read("articles", columns=["source", "container", "place"])
        for source in _those_in(articles["source"], current):
            current.pop(source)
        rejected = {row["item"]: row for row in part.read("rejected").to_pylist()}
        wanted = pc.is_in(articles["source"], pa.array(list(rejected), pa.string()))
        for row in articles.filter(wanted).to_pylist():
            current[row["source"]] = {**rejected[row["source"]], "container": row["container"], "place": row["place"]}
    return [current[source] for source in sorted(current)]


def _those_in(sources: pa.ChunkedArray, known: Mapping[str, object]) -> set[str]:
    """Give the known sources that stand in a column."""
    found = sources.filter(pc.is_in(sources, pa.array(list(known), pa.string())))
    return set(found.to_pylist())


def located(workspace: Workspace, name: str) -> tuple[Part, dict[str, Any]]:
    """Find the newest revision of the document with this ``doc_id`` or source: the part that it is in, and its row.

    Raises UnknownError where there is no such document.
    """
    for part in reversed(workspace.documents.parts()):
        names = part.read("documents", columns=["doc_id", "source"])
        if pc.any(_is_named(names, name)).as_py():
            documents = part.read("documents")
            rows = documents.filter(_is_named(documents, name)).to_pylist()
            row = max(rows, key=lambda row: row["revision"])
            titles = _Rezoned(workspace).titles(part)
            return part, row | {"title": titles.get((row["doc_id"], row["revision"]), row["title"])}
    raise UnknownError(
        f"no document {name!r} in this workspace", fix="copydesk status counts them; name a doc_id or a source"
    )


def _is_named(table: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.or_(pc.equal(table["doc_id"], name), pc.equal(table["source"], name))


def current_documents(workspace: Workspace, doc_ids: pa.Array | None = None) -> pa.Table:
    """Give the newest revision of every document, or of these, sorted by ``doc_id``."""
    read = (part.read("documents") for part in workspace.documents.parts())
    if doc_ids is not None:
        read = (table.filter(pc.is_in(table["doc_id"], doc_ids)) for table in read)
    documents = pa.concat_tables([empty("documents"), *read])
    documents = newest(documents, documents).sort_by("doc_id")
    rezoned = _Rezoned(workspace)
    titles = {key: title for part in workspace.documents.parts() for key, title in rezoned.titles(part).items()}
    if not titles:
        return documents
    told = zip(*(documents[name].to_pylist() for name in ("doc_id", "revision", "title")), strict=True)
    written = [titles.get((doc_id, revision), title) for doc_id, revision, title in told]
    return documents.set_column(*_column(documents, "title", written))


def current_zones(workspace: Workspace, documents: pa.Table) -> pa.Table:
    """Give the zones of the newest revisions, which are ``documents``: what each part of the log says, and what repeats in it."""
    rezoned = _Rezoned(workspace)
    parts = (newest(rezoned.zones(part), documents) for part in workspace.documents.parts())
    return pa.concat_tables([empty("zones"), *parts])


def every_zone(workspace: Workspace) -> pa.Table:
    """Give the zones of all revisions of all documents, in the order of the log."""
    rezoned = _Rezoned(workspace)
    return pa.concat_tables([empty("zones"), *(rezoned.zones(part) for part in workspace.documents.parts())])


def zones_in(workspace: Workspace, part: Part) -> pa.Table:
    """Give the zones of a part of the log, of all revisions that are in it."""
    return _Rezoned(workspace).zones(part)


def titles_in(workspace: Workspace, part: Part) -> dict[tuple[str, int], str | None]:
    """Give the titles of revisions in a part of the log that are others than the part says."""
    return _Rezoned(workspace).titles(part)


def article_of(part: Part, document: Mapping[str, Any]) -> dict[str, Any]:
    """Give the article that a document in this part of the log was made from, with its bytes."""
    rows = part.read("articles")
    found = pc.and_(pc.equal(rows["source"], document["source"]), pc.equal(rows["raw_sha256"], document["raw_sha256"]))
    article: dict[str, Any] = rows.filter(found).to_pylist()[0]
    return article


def edits_of(part: Part, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the edits that made a document in this part of the log of its article, in their order."""
    edits: list[dict[str, Any]] = _of_revision(part.read("edits"), document).to_pylist()
    return edits


def zones_of(workspace: Workspace, part: Part, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the zones of a revision of a document that is in this part of the log."""
    rows: list[dict[str, Any]] = _of_revision(zones_in(workspace, part), document).to_pylist()
    return rows


def _of_revision(table: pa.Table, document: Mapping[str, Any]) -> pa.Table:
    mine = pc.and_(pc.equal(table["doc_id"], document["doc_id"]), pc.equal(table["revision"], document["revision"]))
    return table.filter(mine)


def uncounted(zones: pa.Table) -> pa.Table:
    """Leave out of the rules how many articles have a line: it changes with every article, and means nothing elsewhere."""
    return _with_rules(zones, lambda _line: RULE.removesuffix(":"))


class _Rezoned:
    """What is known of repeated lines: how many articles have each, and the zones of the documents that have one."""

    def __init__(self, workspace: Workspace) -> None:
        latest = workspace.repeated.part()
        self._folder = workspace.rezoned
        self._names: Mapping[str, str] = latest.receipt["parts"] if latest else {}
        rows = latest.read("repeated").to_pylist() if latest else []
        self._counts = {str(row["line"]): f"{RULE}{row['documents']}/{row['of']}" for row in rows}

    def _of(self, part: Part) -> Part | None:
        name = self._names.get(name_of(part)) if self._names else None
        return part_at(self._folder / name) if name else None

    def zones(self, part: Part) -> pa.Table:
        """Give the zones of a part of the log."""
        zones, own = part.read("zones"), self._of(part)
        if own is None:
            return zones
        found = own.read("zones")
        order = _revisions(zones).dictionary_encode()
        place = pc.index_in(_revisions(found), order.dictionary)
        both = pa.concat_tables([zones.filter(pc.invert(pc.is_in(order.indices, place))), found])
        return _with_rules(_ordered(both, order.dictionary), lambda line: self._counts[line])

    def titles(self, part: Part) -> dict[tuple[str, int], str | None]:
        """Give the titles of a part's documents that are others than the part says."""
        own = self._of(part)
        rows = own.read("titles").to_pylist() if own else []
        return {(row["doc_id"], row["revision"]): row["title"] for row in rows}


def _revisions(rows: pa.Table) -> pa.Array:
    names = pc.binary_join_element_wise(rows["doc_id"], rows["revision"].cast(pa.string()), "/")
    return names.combine_chunks()


def _ordered(zones: pa.Table, revisions: pa.Array) -> pa.Table:
    """Sort zones by their place among the revisions, then as they are numbered."""
    place = pc.index_in(_revisions(zones), revisions)
    keys = pa.table({"place": place, "seq": zones["seq"]})
    return zones.take(pc.sort_indices(keys, [("place", "ascending"), ("seq", "ascending")]))


def _with_rules(zones: pa.Table, of: Callable[[str], str]) -> pa.Table:
    """Say in the rules of repeated lines what ``of`` says of what stands in them."""
    rules = zones["rule"].combine_chunks().dictionary_encode()
    told = [of(rule.removeprefix(RULE)) if rule.startswith(RULE) else rule for rule in rules.dictionary.to_pylist()]
    column = pa.array(told, pa.string()).take(rules.indices)
    return zones.set_column(*_column(zones, "rule", column))


def _column(table: pa.Table, name: str, values: Any) -> tuple[int, pa.Field, pa.Array]:
    place = table.schema.get_field_index(name)
    field = table.schema.field(place)
    return place, field, values if isinstance(values, pa.Array) else pa.array(values, field.type)


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

"""Files in, the tables ``articles`` and ``rejected`` out: a row of ``articles`` for every file, whatever it holds."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from copydesk.articles import html, text
from copydesk.articles.provenance import Provenance, ProvenanceFiles
from copydesk.model import tables

STAGE = "articles"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The size that an article may have: of its file in bytes, of its text in characters."""

    max_bytes: int
    max_chars: int


@dataclass(frozen=True, slots=True)
class _File:
    """What was read of one file; ``reason`` is empty if it can be used."""

    sha256: str = ""
    size: int = 0
    raw: bytes | None = None
    format: str | None = None
    encoding: str | None = None
    reason: str = ""
    detail: str = ""


def read_articles(files: Sequence[tuple[str, Path]], *, limits: Limits) -> tuple[pa.Table, pa.Table]:
    """Read files, given as (source, path), into the tables ``articles`` and ``rejected``, in their order.

    Every file is one row of ``articles``; those that cannot be used have no ``encoding`` there and one row of
    ``rejected`` each, with the reason ``empty``, ``binary``, ``undecodable``, ``nul-byte``, ``too-large`` (raw is not kept),
    ``unreadable`` (nothing is known, so the digest is empty) or ``bad-name`` (not UTF-8; the source is written with its bytes
    escaped). For all others ``raw.decode(encoding)`` works strictly.
    Raises ConfigError for a ``provenance.toml`` that is wrong.
    """
    provenance = ProvenanceFiles()
    articles: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    for source, path in files:
        name = source.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
        file = _read(path, max_bytes=limits.max_bytes)
        if name != source:
            file = _badly_named(file, name)
        row = _row(name, file, provenance.of(path, source=source))
        articles.append(row)
        if file.reason:
            rejected.append(_rejected(row, file))
    return tables.from_rows("articles", articles), tables.from_rows("rejected", rejected)


def accepted(articles: pa.Table) -> pa.Table:
    """Give the rows of ``articles`` that can be used: those whose ``encoding`` is filled."""
    return articles.filter(articles.column("encoding").is_valid())


def _read(path: Path, *, max_bytes: int) -> _File:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return _File(reason="unreadable", detail=f"{path.name} is not a regular file (fix: name a file)")
        with path.open("rb") as stream:
            file = _limited(stream, max_bytes=max_bytes)
    except OSError as error:
        fix = "make it readable, or leave it out"
        return _File(reason="unreadable", detail=f"{path.name}: {error.strerror or error} (fix: {fix})")
    return file if file.reason else _decoded(file, suffix=path.suffix)


def _badly_named(file: _File, name: str) -> _File:
    """Turn away a file that no table, and no other system, could name."""
    detail = f"the name {name} is not UTF-8 (fix: rename the file)"
    return replace(file, format=None, encoding=None, reason="bad-name", detail=detail)


def _limited(stream: BinaryIO, *, max_bytes: int) -> _File:
    """Read a stream up to the limit; past it only the digest and the size are taken."""
    raw = stream.read(max_bytes + 1)
    digest = hashlib.sha256(raw)
    if len(raw) <= max_bytes:
        return _File(sha256=digest.hexdigest(), size=len(raw), raw=raw)
    size = len(raw)
    while block := stream.read(_BLOCK):
        digest.update(block)
        size += len(block)
    detail = f"{size:,} bytes are more than the limit of {max_bytes:,} (fix: split the file, or raise the limit)"
    return _File(sha256=digest.hexdigest(), size=size, reason="too-large", detail=detail)


def _decoded(file: _File, *, suffix: str) -> _File:
    assert file.raw is not None
    is_html = html.is_html(file.raw, suffix=suffix)
    decoded = html.read_html(file.raw) if is_html else text.read_text(file.raw)
    if decoded.reason:
        return replace(file, reason=decoded.reason, detail=decoded.detail)
    return replace(file, format=html.FORMAT if is_html else text.FORMAT, encoding=decoded.encoding)


def _row(source: str, file: _File, origin: Provenance) -> dict[str, Any]:
    return {
        "source": source,
        "raw_sha256": file.sha256,
        "bytes": file.size,
        "format": file.format,
        "encoding": file.encoding,
        "raw": file.raw,
        "url": origin.url,
        "publisher": origin.publisher,
        "published_at": origin.published_at,
        "retrieved_at": origin.retrieved_at,
        "licence": origin.licence,
    }


def _rejected(row: Mapping[str, Any], file: _File) -> dict[str, Any]:
    # The bytes stay in `articles`, found by their digest; as JSON they would be unreadable and several times as long.
    facts = {name: value for name, value in row.items() if name != "raw"}
    return tables.rejected_row(stage=STAGE, item=row["source"], reason=file.reason, detail=file.detail, row=facts)

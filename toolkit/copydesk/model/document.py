"""Articles and documents: what was scraped, and the canonical text made from it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

ZONE_KINDS = (
    "headline",
    "byline",
    "dateline",
    "agency",
    "paragraph",
    "subhead",
    "caption",
    "credit",
    "quote",
    "promo",
    "section_tag",
    "related",
    "boilerplate",
)
RESIDUE_ZONES = frozenset({"promo", "section_tag", "related", "boilerplate"})


@dataclass(frozen=True, slots=True)
class Article:
    """One scraped file: its bytes, how they decode, and what is known of where they came from.

    ``text`` is ``raw.decode(encoding)``; offsets of edits point into it.
    """

    source: str
    raw: bytes
    format: str
    encoding: str
    url: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None
    retrieved_at: datetime | None = None
    licence: str | None = None

    @property
    def text(self) -> str:
        """The article as text, exactly as decoded."""
        return self.raw.decode(self.encoding)

    @property
    def raw_sha256(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.raw).hexdigest()


class Edit(NamedTuple):
    """One cut or replacement: ``article[start:end]`` was ``removed``, and ``inserted`` stands in its place."""

    start: int
    end: int
    removed: str
    inserted: str
    rule: str


class Zone(NamedTuple):
    """A part of a document's text with a kind, and the rule that found it. ``speaker`` is the span of a quote's speaker."""

    kind: str
    start: int
    end: int
    rule: str
    speaker: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The canonical text of an article, frozen: NFC, ``\\n`` only, no NUL, C0 controls or lone surrogates."""

    doc_id: str
    text: str
    title: str | None
    zones: tuple[Zone, ...]
    edits: tuple[Edit, ...]
    recipe: str

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text's UTF-8."""
        return text_sha256(self.text)


def text_sha256(text: str) -> str:
    """SHA-256 of the UTF-8 of ``text``, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def doc_id_of(source: str) -> str:
    """The identity of the document at ``source``: ``doc-`` and 16 hexadecimal digits; it survives revisions."""
    return "doc-" + hashlib.sha256(source.encode("utf-8")).hexdigest()[:16]


def apply_edits(article: str, edits: Sequence[Edit]) -> str:
    """Make the document's text from the article's; ``edits`` are sorted and do not overlap.

    Raises ValueError where an edit does not fit the article.
    """
    parts: list[str] = []
    at = 0
    for edit in edits:
        if edit.start < at or article[edit.start : edit.end] != edit.removed:
            raise ValueError(f"edit {edit.start}:{edit.end} ({edit.rule}) does not fit the article")
        parts += (article[at : edit.start], edit.inserted)
        at = edit.end
    parts.append(article[at:])
    return "".join(parts)


def revert_edits(text: str, edits: Sequence[Edit]) -> str:
    """Make the article's text from the document's: the reverse of ``apply_edits``.

    Raises ValueError where an edit does not fit the text.
    """
    parts: list[str] = []
    at = shift = 0
    for edit in edits:
        start = edit.start + shift
        end = start + len(edit.inserted)
        if start < at or text[start:end] != edit.inserted:
            raise ValueError(f"edit {edit.start}:{edit.end} ({edit.rule}) does not fit the document")
        parts += (text[at:start], edit.removed)
        at = end
        shift += len(edit.inserted) - len(edit.removed)
    parts.append(text[at:])
    return "".join(parts)

"""What is agreed or disputed in, its identity out: the same wherever, whenever and by whomever it was decided."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def span_id(doc_id: str, *, start: int, end: int, label: str) -> str:
    """The identity of an agreed span: ``span-`` and 16 hexadecimal digits."""
    return _identity("span", doc_id, str(start), str(end), label)


def relation_id(doc_id: str, *, head: str, tail: str, label: str) -> str:
    """The identity of an agreed relation between the spans with the identities ``head`` and ``tail``."""
    return _identity("relation", doc_id, head, tail, label)


def dispute_id(doc_id: str, members: Iterable[str]) -> str:
    """The identity of a dispute over ``members``, the identities of the spans or relations that compete."""
    return _identity("dispute", doc_id, *sorted(members))


def _identity(kind: str, *parts: str) -> str:
    return f"{kind}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"

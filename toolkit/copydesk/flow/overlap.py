"""Documents go in, how many people each is asked of comes out, where that is another number than the project has for all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from copydesk.workspace import Workspace


def asked_of(workspace: Workspace, doc_ids: Iterable[str]) -> dict[str, int]:
    """Give the documents that are asked of ``annotators_per_task`` people, where only a share is, and the gold that is asked of more."""
    settings = workspace.settings.studio
    gold = workspace.gold.read("gold", columns=["doc_id", "retired_at", "asked_of"]).to_pylist()
    asked = {doc: settings.annotators_per_task for doc in doc_ids if is_shared(doc, settings.overlap)}
    of_gold = {row["doc_id"]: row["asked_of"] for row in gold if row["asked_of"] and row["retired_at"] is None}
    return (asked if settings.overlap < 1 else {}) | of_gold


def is_shared(doc_id: str, share: float) -> bool:
    """Say whether a document is of the share: always the same ones, and of a larger share all of a smaller one."""
    digest = hashlib.sha256(doc_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64

"""Agreed labels in, how each surface is labelled throughout the corpus out: a row for each surface and label, the odd ones marked.

Those that are odd are the suspects of ``surfaces.py``, and are decided as these are.
"""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from copydesk.agreement.suspects.surfaces import FEWEST, surface_of
from copydesk.model.tables import from_rows


def ledger(agreed: pa.Table) -> pa.Table:
    """Give the table ``ledger`` of rows of ``agreed_spans``: first the surfaces that have several labels, the commonest first."""
    spans: dict[str, Counter[str]] = {}
    documents: dict[tuple[str, str], set[str]] = {}
    columns = (agreed[name].to_pylist() for name in ("surface", "label", "doc_id"))
    for written, label, doc_id in zip(*columns, strict=True):
        surface = surface_of(written)
        spans.setdefault(surface, Counter())[label] += 1
        documents.setdefault((surface, label), set()).add(doc_id)
    rows = []
    for surface, own in sorted(spans.items(), key=lambda one: (len(one[1]) == 1, -one[1].total(), one[0])):
        most = max(own.values())
        for label, count in sorted(own.items(), key=lambda one: (-one[1], one[0])):
            odd = count < most and own.total() >= FEWEST
            told = {"spans": count, "documents": len(documents[surface, label]), "odd": odd}
            rows.append({"surface": surface, "label": label, **told})
    return from_rows("ledger", rows)

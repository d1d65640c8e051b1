"""Agreed labels in, how each thing is labelled throughout the corpus out: a row for each surface and label, the odd ones marked.

Those that are odd are the suspects of ``surfaces.py``, and are decided as these are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from copydesk.agreement.suspects.surfaces import FEWEST, surface_of
from copydesk.model.tables import from_rows


def ledger(agreed: pa.Table, aliases: Mapping[str, str]) -> pa.Table:
    """Give the table ``ledger`` of rows of ``agreed_spans``: first the surfaces that have several labels, the commonest first.

    ``aliases`` gives the main spelling of surfaces that have another: all spellings of a thing are counted as that one.
    """
    spans: dict[str, Counter[str]] = {}
    documents: dict[tuple[str, str], set[str]] = {}
    spellings: dict[tuple[str, str], set[str]] = {}
    columns = (agreed[name].to_pylist() for name in ("surface", "label", "doc_id"))
    for written, label, doc_id in zip(*columns, strict=True):
        spelling = surface_of(written)
        surface = aliases.get(spelling, spelling)
        spans.setdefault(surface, Counter())[label] += 1
        documents.setdefault((surface, label), set()).add(doc_id)
        spellings.setdefault((surface, label), set()).add(spelling)
    rows = []
    for surface, own in sorted(spans.items(), key=lambda one: (len(one[1]) == 1, -one[1].total(), one[0])):
        most = max(own.values())
        for label, count in sorted(own.items(), key=lambda one: (-one[1], one[0])):
            odd = count < most and own.total() >= FEWEST
            told = {"spans": count, "documents": len(documents[surface, label]), "odd": odd}
            rows.append({"surface": surface, "label": label, "spellings": sorted(spellings[surface, label]), **told})
    return from_rows("ledger", rows)

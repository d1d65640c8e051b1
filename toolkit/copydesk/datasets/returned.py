"""Documents that come back: those new in a version go in, out come the ones whose text changed while they were away.

A document whose labels are void for a while goes out of one version and comes into a later one. To whoever loaded it before it
went out, its text changed as much as if it had been there all the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.load import read_published
from copydesk.datasets.version import Version, is_removed, versions_in


def returned_changed(
    folder: Path, *, below: Version, added: Sequence[str], documents: pa.Table
) -> dict[str, tuple[str, ...]]:
    """Compare each document in ``added`` with the last version in ``folder``, below ``below``, that held it.

    Give those with another text by the number of that version, newest first; ``documents`` is the published table that they are
    new in. A document that no version held is in none. Versions are read only as far down as there are documents to look for;
    raises StoreError where one of them is damaged, since it may have held what is looked for.
    """
    waiting = _texts(documents, added)
    found: dict[str, tuple[str, ...]] = {}
    for version in reversed(versions_in(folder)):
        if waiting and version < below and not is_removed(folder / str(version)):
            earlier = read_published(folder / str(version), "documents", columns=["doc_id", "text_sha256"])
            held = _texts(earlier, list(waiting))
            changed = tuple(sorted(doc_id for doc_id, text in held.items() if text != waiting[doc_id]))
            found |= {str(version): changed} if changed else {}
            waiting = {doc_id: text for doc_id, text in waiting.items() if doc_id not in held}
    return found


def _texts(documents: pa.Table, doc_ids: Sequence[str]) -> dict[str, str]:
    """The digests of the texts of these documents, as far as they are there."""
    rows = documents.filter(pc.is_in(documents["doc_id"], value_set=pa.array(doc_ids, pa.string())))
    return dict(zip(rows["doc_id"].to_pylist(), rows["text_sha256"].to_pylist(), strict=True))

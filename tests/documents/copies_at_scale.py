"""Draw so many short articles, a third of them copies, look for the copies, and print what it took as JSON."""

from __future__ import annotations

import json
import random
import resource
import sys
import time

import pyarrow as pa

from copydesk.documents.copies import find_copies
from copydesk.model.tables import DOCUMENTS


def drawn(count: int) -> tuple[pa.Table, list[int]]:
    draw = random.Random(count)
    vocabulary = [f"word{number}" for number in range(50_000)]
    last: list[str] = []
    texts, canonical = [], []
    for number in range(count):
        if number % 3 == 2:
            keep = draw.randrange(40, 80)
            words = [*last[:keep], *(vocabulary[int(draw.random() ** 2 * 50_000)] for _ in range(8))]
        else:
            last = words = [vocabulary[int(draw.random() ** 2 * 50_000)] for _ in range(80)]
        texts.append(" ".join(words))
        canonical.append(number - 1 if number % 3 == 2 else number)
    columns = {name: pa.nulls(count, DOCUMENTS.field(name).type) for name in DOCUMENTS.names}
    constant = dict.fromkeys(("source", "raw_sha256", "recipe", "text_sha256"), pa.array(["s"] * count))
    told = {
        "doc_id": pa.array([f"doc-{n:016x}" for n in range(count)]),
        "revision": pa.array([1] * count, pa.int32()),
        "published_at": pa.array(range(count), DOCUMENTS.field("published_at").type),
        "text": pa.array(texts),
    }
    return pa.table(columns | constant | told, DOCUMENTS), canonical


def main(count: int) -> None:
    documents, canonical = drawn(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    copies = find_copies(documents)
    seconds = time.process_time() - begin
    right = sum(
        int(found.removeprefix("doc-"), 16) == true
        for found, true in zip(copies["canonical_doc_id"].to_pylist(), canonical, strict=True)
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"documents": count, "right": right, "seconds": seconds, "kib": peak - before, "peak_kib": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]))

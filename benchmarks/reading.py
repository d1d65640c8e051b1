"""Searching documents by the embedded index against a plain scan over their texts, in the same run; and what the index costs.

The index is that of ``copydesk serve``, filled from generated articles; the scan is pyarrow's ``match_substring``, case ignored, over
all texts in memory, which also has to find the first fifty. What is asked for: words from frequent to rare, two words, a phrase, a
prefix. ``python benchmarks/reading.py [COUNT]`` also prints, for so many documents, the time of the index, of each question, and memory.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from generator import articles
from ratio import Ratio, at_least

from copydesk.report.search import Index, Listed, Wanted

COUNT, ROUNDS, BATCH = 100_000, 5, 2_000
TARGET = 10
ASKED = {
    "the": ("the",),
    "harbour": ("harbour",),
    "harbour minister": ("harbour", "minister"),
    '"the harbour"': ("the harbour",),
    "har*": (" har",),
    "zeppelin": ("zeppelin",),
}


def run() -> Iterator[Ratio]:
    """Measure in turn, in CPU seconds, and give the ratio over all questions: the scan's over the index's."""
    texts = [one["text"] for one in articles(COUNT)]
    index, column = _index(texts), pa.array(texts)
    rounds = []
    for _ in range(ROUNDS):
        ours = sum(_seconds(lambda words=words: index.find(Wanted(words=words))) for words in ASKED)
        theirs = sum(_seconds(lambda parts=parts: _scan(column, parts)) for parts in ASKED.values())
        rounds.append(theirs / ours)
    yield at_least(f"searching {COUNT:,} documents, speed against a scan of their texts", rounds, TARGET)


def _index(texts: list[str]) -> Index:
    index = Index()
    index.add_documents(
        Listed(number, f"doc-{number}", f"{number}.txt", None, None, "en", None) for number in range(len(texts))
    )
    for at in range(0, len(texts), BATCH):
        index.add_texts((at + number, None, text) for number, text in enumerate(texts[at : at + BATCH]))
    return index


def _scan(column: pa.Array, parts: tuple[str, ...]) -> list[int]:
    found = None
    for part in parts:
        has = pc.match_substring(column, part, ignore_case=True)
        found = has if found is None else pc.and_(found, has)
    return pc.indices_nonzero(found)[:50].to_pylist()


def _seconds(work: object) -> float:
    begin = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - begin


def main(count: int) -> dict[str, object]:
    """Fill an index with so many documents, and ask it."""
    texts = [one["text"] for one in articles(count)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    index = _index(texts)
    filled = time.process_time() - begin
    times = sorted(
        _seconds(lambda words=words: index.find(Wanted(words=words))) * 1_000 for words in ASKED for _ in range(20)
    )
    return {
        "documents": count,
        "index, CPU seconds": round(filled, 1),
        "megabytes more": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1_024,
        "milliseconds, median": round(statistics.median(times), 2),
        "milliseconds, 95 of 100": round(times[int(len(times) * 0.95)], 2),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)))

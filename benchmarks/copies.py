"""The search for near-duplicates, from texts to candidate pairs, against datasketch on the same texts in the same run.

Both cut the texts into words and the words into runs of three, make signatures of 128 permutations, and look up which documents
share a band. Ours also makes what datasketch does not have: marks of runs for cut copies, digests of bodies and of lines. Of
datasketch two ways are measured: one document at a time as its guide shows it (``update``), and its fastest (``bulk``).
"""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
from datasketch import MinHash, MinHashLSH
from ratio import Ratio

from copydesk.documents.copies import bands, candidates, sketch
from copydesk.model.tables import DOCUMENTS, from_rows

DOCUMENTS_DRAWN, WORDS, ROUNDS = 1_000, 500, 5
TARGET = 10


def run() -> Iterator[Ratio]:
    """Measure in turn, in CPU seconds, and give the ratios: theirs over ours."""
    texts = _texts(seed=1)
    table = _table(texts)
    _ours(table), _bulk(texts[:50]), _update(texts[:50])
    rounds = [(_seconds(_ours, table), _seconds(_bulk, texts), _seconds(_update, texts)) for _ in range(ROUNDS)]
    update = tuple(theirs / ours for ours, _, theirs in rounds)
    bulk = tuple(theirs / ours for ours, theirs, _ in rounds)
    name = "near-duplicates with shingling, speed against datasketch"
    yield _ratio(f"{name}, one document at a time", update)
    yield _ratio(f"{name}, in bulk", bulk)


def _ratio(name: str, rounds: tuple[float, ...]) -> Ratio:
    value = statistics.median(rounds)
    return Ratio(name, value, f"≥ {TARGET}", value >= TARGET, rounds)


def _texts(*, seed: int) -> list[str]:
    """Texts of 500 words of a skewed vocabulary in ten paragraphs; one in five is another with some words changed.

    Accents and quotation marks as in print, so that no side profits of texts in ASCII.
    """
    draw = random.Random(seed)
    vocabulary = [
        "".join(draw.choices("aabcddeeéfghiijklmnooöpqrsttuvwxyz", k=draw.randint(2, 9))) for _ in range(20_000)
    ]
    texts: list[str] = []
    for number in range(DOCUMENTS_DRAWN):
        if number % 5 == 4:
            words = texts[-1].replace("“", "").replace(".”", "").split()
            changed = [word if draw.random() > 0.03 else draw.choice(vocabulary) for word in words]
        else:
            changed = [vocabulary[int(draw.random() ** 3 * len(vocabulary))] for _ in range(WORDS)]
        texts.append("\n\n".join("“" + " ".join(changed[at : at + 50]) + ".”" for at in range(0, WORDS, 50)))
    return texts


def _table(texts: Sequence[str]) -> pa.Table:
    blank = dict.fromkeys(DOCUMENTS.names) | {"source": "s", "raw_sha256": "0", "recipe": "r", "text_sha256": "0"}
    rows = [blank | {"doc_id": f"doc-{row:016x}", "revision": 1, "text": text} for row, text in enumerate(texts)]
    return from_rows("documents", rows)


def _ours(table: pa.Table) -> int:
    return int(candidates(bands(sketch(table))).num_rows)


def _shingles(text: str) -> set[bytes]:
    words = re.findall(r"\w+", text.casefold())
    return {" ".join(words[at : at + 3]).encode() for at in range(len(words) - 2)}


def _bulk(texts: Sequence[str]) -> int:
    return _looked_up(MinHash.bulk([_shingles(text) for text in texts], num_perm=128))


def _update(texts: Sequence[str]) -> int:
    hashed = []
    for text in texts:
        one = MinHash(num_perm=128)
        for shingle in _shingles(text):
            one.update(shingle)
        hashed.append(one)
    return _looked_up(hashed)


def _looked_up(hashed: Sequence[MinHash]) -> int:
    index = MinHashLSH(threshold=0.5, num_perm=128)
    pairs = 0
    for number, one in enumerate(hashed):
        pairs += len(index.query(one))
        index.insert(number, one)
    return pairs


def _seconds(work: Callable[..., int], argument: object) -> float:
    begin = time.process_time()
    work(argument)
    return time.process_time() - begin

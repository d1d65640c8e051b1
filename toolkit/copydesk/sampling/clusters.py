"""Texts go in, the cluster of each comes out: texts of one cluster share words.

Words and pairs of words are hashed into buckets and weighed (tf-idf), and clusters are found by spherical k-means (Dhillon and
Modha, Machine Learning 42, 2001, pages 143-175) in a sample of the texts. Nothing of it is random.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Numbers = NDArray[np.int64]

_BUCKETS = 1 << 15
_SAMPLE = 10_000
_ROUNDS = 8
_CHUNK = 2_000


def clusters(texts: Sequence[str], *, most: int) -> Numbers:
    """Give the number of each text's cluster, from 0; there are ``most`` at most, and the order of the texts changes only the numbers.

    A text without words is in a cluster as any other.
    """
    if not texts:
        return np.zeros(0, dtype=np.int64)
    hashes: dict[str, int] = {}
    step = -(-len(texts) // _SAMPLE)
    counts = _counts(texts[::step], hashes)
    rarity = np.log((1 + counts.shape[0]) / (1 + counts.getnnz(axis=0))) + 1
    centres = _centres(_weighed(counts, rarity), most)
    found = [
        _weighed(_counts(texts[at : at + _CHUNK], hashes), rarity) @ centres for at in range(0, len(texts), _CHUNK)
    ]
    return np.concatenate([np.argmax(one, axis=1) for one in found])


def _counts(texts: Sequence[str], hashes: dict[str, int]) -> sparse.csr_matrix:
    """Count what falls into each bucket; ``hashes`` remembers those of words."""
    buckets, numbers, ends = [], [], [0]
    for text in texts:
        words = text.casefold().split()
        for word in set(words).difference(hashes):
            hashes[word] = zlib.crc32(word.encode())
        marks = np.fromiter((hashes[word] for word in words), np.uint64, len(words))
        pairs = marks[:-1] * np.uint64(2_654_435_761) + marks[1:]
        found, number = np.unique(np.concatenate([marks, pairs]) % np.uint64(_BUCKETS), return_counts=True)
        buckets.append(found)
        numbers.append(number)
        ends.append(ends[-1] + len(found))
    data = np.log1p(np.concatenate(numbers).astype(np.float32))
    return sparse.csr_matrix((data, np.concatenate(buckets).astype(np.int32), ends), shape=(len(texts), _BUCKETS))


def _weighed(counts: sparse.csr_matrix, rarity: NDArray[np.float64]) -> sparse.csr_matrix:
    """Weigh buckets by how few texts have them, and make every text as long as any other."""
    weighed = counts.multiply(rarity.astype(np.float32)).tocsr()
    lengths = np.sqrt(weighed.multiply(weighed).sum(axis=1)).A1
    return sparse.diags(1 / np.where(lengths > 0, lengths, 1)).dot(weighed).astype(np.float32).tocsr()


def _centres(texts: sparse.csr_matrix, most: int) -> NDArray[np.float32]:
    """Find the centres, a column each: first texts that are far from each other, then means of who is nearest."""
    chosen = [int(np.argmax(texts @ np.asarray(texts.mean(axis=0)).ravel()))]
    nearest = (texts @ texts[chosen[0]].T).toarray().ravel()
    while len(chosen) < min(most, texts.shape[0]) and nearest.min() < 1 - 1e-6:
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, (texts @ texts[chosen[-1]].T).toarray().ravel())
    centres: NDArray[np.float32] = texts[chosen].T.toarray()
    for _ in range(_ROUNDS):
        own = np.argmax(texts @ centres, axis=1)
        members = sparse.csr_matrix(
            (np.ones(len(own), np.float32), (np.arange(len(own)), own)), shape=(len(own), centres.shape[1])
        )
        sums = (texts.T @ members).toarray()
        lengths = np.linalg.norm(sums, axis=0)
        centres = np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1), centres)
    return centres

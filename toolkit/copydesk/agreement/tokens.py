"""Votes and texts in, what the readers said of each word out, as a coincidence matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from copydesk.agreement.alpha import coincidences
from copydesk.agreement.columns import Floats, Ints, ints, look_up, ranges
from copydesk.agreement.votes import Reads, Votes
from copydesk.agreement.words import word_middles

# A batch holds about a third of a million words, and its tables some tens of megabytes.
_BATCH_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class TokenCount:
    """What the readers said of the words of all documents with two or more readers; row 0 of the matrix is O."""

    coincidences: Floats
    tokens: int
    documents: int
    without_text: int


@dataclass(frozen=True, slots=True)
class _Coverage:
    """The votes in the order in which they are painted: the longest first, so that the shortest stays on top."""

    doc: Ints
    read: Ints
    start: Ints
    end: Ints
    category: Ints


def count_tokens(votes: Votes, reads: Reads, documents: pa.Table, *, category: Ints, categories: int) -> TokenCount:
    """Count over the documents that two or more people read; ``category`` has the category of each label, from 1 up.

    Of two spans of one length that cover a word the one that starts first gives the category, then the lower category.
    """
    texts = texts_of(reads, documents)
    shared = np.flatnonzero(reads.readers > 1)
    known = [int(doc) for doc in shared if int(doc) in texts]
    coverage = _coverage(votes, reads, category)
    matrix = np.zeros((categories, categories))
    tokens = 0
    for docs in _batches(known, texts):
        counts = _count(docs, [texts[doc] for doc in docs], reads, coverage, categories)
        matrix += coincidences(counts)
        tokens += len(counts)
    return TokenCount(matrix, tokens, len(known), len(shared) - len(known))


def texts_of(reads: Reads, documents: pa.Table) -> dict[int, str]:
    """Give the text of each document in the revision that was read."""
    doc = look_up(documents["doc_id"], reads.docs)
    rows = np.flatnonzero((doc >= 0) & (np.append(reads.revision, -1)[doc] == ints(documents["revision"])))
    listed = documents["text"].take(pa.array(rows)).to_pylist()
    return dict(zip(doc[rows].tolist(), listed, strict=True))


def _batches(docs: list[int], texts: dict[int, str]) -> Iterator[Ints]:
    batch: list[int] = []
    size = 0
    for doc in docs:
        batch.append(doc)
        size += len(texts[doc])
        if size >= _BATCH_CHARACTERS:
            yield np.array(batch, np.int64)
            batch, size = [], 0
    if batch:
        yield np.array(batch, np.int64)


def _coverage(votes: Votes, reads: Reads, category: Ints) -> _Coverage:
    drawn = votes.drawn
    doc, start, end, own = votes.doc[drawn], votes.left[drawn], votes.right[drawn], category[votes.label[drawn]]
    people = len(reads.annotators)
    read = np.searchsorted(reads.doc * people + reads.annotator, doc * people + votes.drawer)
    order = np.lexsort((-own, -start, start - end, doc))
    return _Coverage(doc[order], read[order], start[order], end[order], own[order])


def _count(docs: Ints, texts: list[str], reads: Reads, coverage: _Coverage, categories: int) -> Ints:
    """Count, for each word of ``docs`` (sorted), how many readers gave it each category."""
    text, middle = word_middles(texts)
    words = np.bincount(text, minlength=len(docs))
    first_word = np.cumsum(words) - words
    width = max(map(len, texts)) + 1
    position = text * width + middle

    # One slot for each word of each reader; a reader's slots of a document lie side by side.
    owner, read = ranges(reads.first[docs], reads.readers[docs])
    first_slot = np.cumsum(words[owner]) - words[owner]
    slot_owner, word_of_slot = ranges(first_word[owner], words[owner])
    slots = np.zeros(len(slot_owner), np.int64)

    vote = np.flatnonzero(np.isin(coverage.doc, docs))
    at = np.searchsorted(docs, coverage.doc[vote])
    start = np.searchsorted(position, at * width + np.minimum(coverage.start[vote], width - 1))
    end = np.searchsorted(position, at * width + np.minimum(coverage.end[vote], width - 1))
    slot = first_slot[np.searchsorted(read, coverage.read[vote])] + start - first_word[at]
    painted, where = ranges(slot, np.maximum(end - start, 0))
    slots[where] = coverage.category[vote][painted]  # of several the last stays
    counts = np.bincount(word_of_slot * categories + slots, minlength=len(text) * categories)
    return counts.reshape(len(text), categories)

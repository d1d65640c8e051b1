"""Spans as integer columns in, exact F1 of every two people out: nothing else, for whoever needs the matrix alone."""

from __future__ import annotations

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints, pack


def exact_f1_matrix(*, doc: Ints, start: Ints, end: Ints, label: Ints, annotator: Ints, read: Bools) -> Floats:
    """Give F1 of each two annotators over the documents that both read, as ``measure`` does; nan where neither drew anything there.

    ``read[document, annotator]`` says who read what. Nobody may draw a span twice, nor in a document that she did not read.
    """
    key = pack(doc, start, end, label)
    order = np.argsort(key)
    key, who = key[order], annotator[order]
    people = read.shape[1]
    shared = np.zeros(people * people)
    # The same span of several people lies in a row: each beside the next, then beside the one after that, while there is any.
    rows: Ints = np.arange(len(key))
    step = 0
    while len(rows):
        step += 1
        rows = rows[: np.searchsorted(rows, len(key) - step)]
        rows = rows[key[rows] == key[rows + step]]
        shared += np.bincount(who[rows] * people + who[rows + step], minlength=len(shared))
    both = shared.reshape(people, people) + shared.reshape(people, people).T
    counts = np.bincount(doc * people + annotator, minlength=read.size).reshape(read.shape)
    # What a person drew where another read as well.
    own = counts.T @ read.astype(np.float64)
    size = own + own.T
    np.fill_diagonal(both, own.diagonal())
    return np.asarray(np.divide(2 * both, size, out=np.full(size.shape, np.nan), where=size > 0))

"""Agreed labels and what was chosen go in, how frequent each label is in all documents comes out, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.tables import from_rows
from copydesk.sampling.choose import STRATEGY
from copydesk.sampling.draw import Floats
from copydesk.sampling.estimate import Drawn, Sample, finished

_PER = 1_000  # characters


def label_frequencies(
    spans: pa.Table,
    samples: pa.Table,
    *,
    lengths: Mapping[str, int],
    read: Iterable[str],
    besides: Sequence[str] = (),
    level: float = 0.95,
) -> pa.Table:
    """Give the table ``estimates`` of labels: rows of ``agreed_spans`` and of ``samples`` go in.

    ``lengths`` are the characters of the documents that there are: one that was chosen and has gone counts nothing. ``read`` are
    those whose labels are known, ``besides`` those of them that nobody drew. Where no batch was read through, it has no rows.
    """
    known = set(read)
    chosen = samples["doc_id"].to_pylist()
    is_read = np.array([one in known or one not in lengths for one in chosen], dtype=np.bool_)
    batches = samples["batch"].to_numpy().astype(np.int64)
    done = finished(batches, is_read)
    if not done:
        return from_rows("estimates", [])
    counted = batches <= done
    sample = Sample.of(_drawn(samples.filter(pa.array(counted))), is_read[counted], besides=len(besides))
    doc_ids = [one for one, there in zip(chosen, counted & is_read, strict=True) if there] + list(besides)
    return from_rows("estimates", _rows(sample, doc_ids, spans, lengths, level))


def _drawn(samples: pa.Table) -> Drawn:
    """Number the draws: of each batch the random one is first."""
    batches, since = (samples[name].to_numpy().astype(np.int64) for name in ("batch", "since"))
    second = np.array(samples["slice"].to_pylist(), dtype=np.str_) == STRATEGY
    return Drawn(2 * batches + second, 2 * since, samples["inclusion"].to_numpy(), samples["spread"].to_numpy())


def _rows(
    sample: Sample, doc_ids: Sequence[str], spans: pa.Table, lengths: Mapping[str, int], level: float
) -> Iterator[dict[str, Any]]:
    """Estimate for each label how often it is there, in 1,000 characters, among all labels, and in what share of the documents."""
    spans = spans.filter(pc.is_in(spans["doc_id"], pa.array(sorted(lengths), pa.string())))
    there = np.array([float(one in lengths) for one in doc_ids])
    thousands = np.array([lengths.get(one, 0) / _PER for one in doc_ids])
    every = _counts(spans, doc_ids)
    for label in sorted(pc.unique(spans["label"]).to_pylist()):
        own = _counts(spans.filter(pc.equal(spans["label"], label)), doc_ids)
        estimates = {
            "total": sample.total(own, level=level),
            "in 1,000 characters": sample.ratio(own, thousands, level=level),
            "share of labels": sample.ratio(own, every, level=level),
            "share of documents": sample.ratio((own > 0).astype(np.float64), there, level=level),
        }
        for measure, one in estimates.items():
            counted = int((own > 0).sum())
            yield {"label": label, "measure": measure, **asdict(one), "documents": counted, "of": int(there.sum())}


def _counts(spans: pa.Table, doc_ids: Sequence[str]) -> Floats:
    counts = Counter(spans["doc_id"].to_pylist())
    return np.array([float(counts[one]) for one in doc_ids])

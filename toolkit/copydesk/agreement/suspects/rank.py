"""What each search found in, the table ``suspects`` out: a row for each place and label, the likeliest to be wrong first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import attrgetter

import pyarrow as pa

from copydesk.agreement.suspects.copied import copied_otherwise
from copydesk.agreement.suspects.corpus import Corpus
from copydesk.agreement.suspects.model import Probabilities, contradicted
from copydesk.agreement.suspects.surfaces import labelled_otherwise, not_labelled
from copydesk.agreement.suspects.suspect import Suspect
from copydesk.model.tables import SUSPECTS, from_tuples

_ROW = attrgetter(*SUSPECTS.names)
_SETTLED = "adjudicated"


def suspects(corpus: Corpus, *, least: float, said: Probabilities | None = None) -> pa.Table:
    """Rank what is likely to be wrong: reasons with a score of ``least`` or more.

    * ``few-votes``: few of the readers drew it; the score is one less the posterior where there is one, else one less the share of
      the readers who drew it, both counted one higher (Laplace). What somebody adjudicated is none.
    * ``surface-label``, ``surface-unlabelled`` (``surfaces``), ``copy-label``, ``copy-unlabelled`` (``copied``);
    * ``model``, where a model ``said`` something (``model``).

    What is suspect for several reasons is one row with the strongest, and the chance that any of them holds:
    one less the product of what the scores leave.
    """
    found = [
        *_few_votes(corpus, least=least),
        *labelled_otherwise(corpus, least=least),
        *not_labelled(corpus, least=least),
        *copied_otherwise(corpus, least=least),
        *(contradicted(corpus, said, least=least) if said else ()),
    ]
    ranked = sorted(
        _joined(found), key=lambda one: (-one.score, one.doc_id, one.start, one.end, one.label or "", one.reason)
    )
    return from_tuples("suspects", [_ROW(one) for one in ranked])


def _few_votes(corpus: Corpus, *, least: float) -> Iterator[Suspect]:
    for doc_id, spans in corpus.spans.items():
        for span in spans:
            votes, readers, posterior = span["votes"], span["readers"], span.get("posterior")
            if span["decided"] == _SETTLED or votes >= readers:
                continue
            score = 1 - (posterior if posterior is not None else (votes + 1) / (readers + 2))
            if score >= least:
                told = f"{votes} of {readers} readers drew it"
                yield Suspect.of(
                    doc_id,
                    span,
                    reason="few-votes",
                    score=score,
                    detail=told
                    if posterior is None
                    else f"{told}, which makes it right with a chance of {posterior:.2f}",
                )


def _joined(found: Iterable[Suspect]) -> Iterator[Suspect]:
    by_place: dict[tuple[str, int, int, str | None], list[Suspect]] = {}
    for one in found:
        by_place.setdefault((one.doc_id, one.start, one.end, one.label), []).append(one)
    for own in by_place.values():
        own.sort(key=lambda one: (-one.score, one.reason, one.detail))
        left = 1.0
        for one in own:
            left *= 1 - one.score
        yield replace(own[0], score=1 - left, detail="; ".join(one.detail for one in own))

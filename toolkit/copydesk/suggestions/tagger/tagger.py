"""The suggester ``tagger``: a small model that learns from the labels that people agreed on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from copydesk.errors import StoreError
from copydesk.model.tables import from_tuples
from copydesk.suggestions.names import NameIndex
from copydesk.suggestions.suggester import Found, Known, Setup, Suggester, digest
from copydesk.suggestions.tagger.blocks import Block, blocks_of, zones_by_document
from copydesk.suggestions.tagger.features import VERSION, features_of
from copydesk.suggestions.tagger.model import Model, train
from copydesk.suggestions.tagger.spans import OUTSIDE, Span, outermost, spans_of, tags_of

_MODEL = "model.crfsuite"
_LEARNED = "learned.json"


@dataclass(frozen=True, slots=True)
class TaggerOptions:
    """``[suggest.options.tagger]``: from how much it learns at all, and for how long."""

    documents: int = field(default=3, metadata={"least": 1, "most": 1_000_000_000})
    spans: int = field(default=20, metadata={"least": 1, "most": 1_000_000_000})
    rounds: int = field(default=100, metadata={"least": 1, "most": 100_000})


@dataclass(frozen=True, slots=True)
class _Learned:
    """How much there was to learn from, and the digest of the model; without one, there was too little."""

    documents: int = 0
    spans: int = 0
    model: str = ""


class _Tagged(NamedTuple):
    """A block, the tags of its tokens, and how likely each of these is."""

    block: Block
    tags: Sequence[str]
    sure: Sequence[float]


class Tagger(Suggester):
    """Spans as in the labels so far, found by what words look like and stand beside.

    It suggests no span inside another: of labels that are nested it learns the outermost. A span ends with the block that it
    begins in. It does not know which documents a published version holds for test, and learns from all that it is given.
    """

    name = "tagger"
    learns = True
    edition = VERSION

    def __init__(self, setup: Setup) -> None:
        """Raises ConfigError for options that are wrong, StoreError for a model that is not what was learned."""
        self._options = setup.read_options(TaggerOptions, name=self.name)
        self._names = NameIndex(setup.names)
        told = setup.folder / _LEARNED
        self._learned = _Learned(**json.loads(told.read_text("utf-8"))) if told.exists() else _Learned()
        self._model = _read(setup.folder, self._learned.model) if self._learned.model else None
        names = [astuple(name) for name in setup.names]
        self._version = digest([VERSION, self._learned.model, names if self._model else []])

    @property
    def version(self) -> str:
        """It changes with the model, and with the names."""
        return self._version

    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Suggest spans, in the order of the documents and then of ``start``.

        The score is the probability of the tag of which the model is least sure, times that of the tag after the span.
        """
        if self._model is None:
            return Found(notes=(self._too_little(),))
        rows: list[tuple[Any, ...]] = []
        for doc_id, text, tagged in self._tagged(self._model, documents, zones):
            for block, tags, sure in tagged:
                for first, last, label in spans_of(tags):
                    start, end = block.places[first][0], block.places[last - 1][1]
                    score = min(1.0, min(sure[first:last]) * (sure[last] if last < len(sure) else 1.0))
                    rows.append((doc_id, start, end, text[start:end], label, "crf", score, []))
        return Found(from_tuples("suggestions", rows))

    def uncertainty(self, documents: pa.Table, *, zones: pa.Table) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Say how unsure the model is of each document, from 0 to 1: how likely a token of it is to be other than tagged.

        It is 1 where there was too little to learn from, and 0 where there is no token.
        """
        if self._model is None:
            return np.ones(documents.num_rows)
        unsure = []
        for _, _, tagged in self._tagged(self._model, documents, zones):
            sure = [one for block in tagged for one in block.sure]
            unsure.append(1 - min(1.0, sum(sure) / len(sure)) if sure else 0.0)
        return np.array(unsure, np.float64)

    @classmethod
    def learn(cls, setup: Setup, known: Known) -> None:
        """Learn from the documents whose spans are where they say; with too little of them, only say so."""
        options = setup.read_options(TaggerOptions, name=cls.name)
        names = NameIndex(setup.names)
        golds = list(agreed_spans(known))
        learned = _Learned(len(golds), sum(len(spans) for _, _, spans in golds))
        if learned.documents >= options.documents and learned.spans >= options.spans:
            sequences = (
                (features_of(block, marks), tags_of(block, spans))
                for text, zones, spans in golds
                for block, marks in _marked(text, zones, names)
            )
            train(sequences, place=setup.folder / _MODEL, rounds=options.rounds)
            learned = replace(learned, model=_sha256((setup.folder / _MODEL).read_bytes()))
        (setup.folder / _LEARNED).write_text(json.dumps(asdict(learned), sort_keys=True), "utf-8")

    def _tagged(self, model: Model, documents: pa.Table, zones: pa.Table) -> Iterator[tuple[str, str, list[_Tagged]]]:
        """Give ``doc_id``, text and tagged blocks of each document."""
        lying = zones_by_document(zones)
        columns = (documents[name].to_pylist() for name in ("doc_id", "revision", "text"))
        for doc_id, revision, text in zip(*columns, strict=True):
            marked = _marked(text, lying.get((doc_id, revision), ()), self._names)
            yield doc_id, text, [_Tagged(block, *model.tag(features_of(block, marks))) for block, marks in marked]

    def _too_little(self) -> str:
        has, needs = self._learned, self._options
        return (
            f"tagger: {has.documents} documents with {has.spans} labels to learn from, of {needs.documents} and "
            f"{needs.spans} that it needs: it suggests nothing yet"
        )


def _read(folder: Path, expected: str) -> Model:
    place = folder / _MODEL
    data = place.read_bytes() if place.exists() else b""
    if _sha256(data) != expected:  # CRFsuite does not look, and crashes
        raise StoreError(f"{place} is damaged", fix=f"remove the folder {folder}: it is learned anew")
    return Model(data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def agreed_spans(known: Known) -> Iterator[tuple[str, Sequence[tuple[int, int, str]], list[Span]]]:
    """Give text, zones and outermost spans of each document, in the order of ``doc_id``; a document is left out whose text changed
    under its labels.
    """
    lying = zones_by_document(known.zones)
    labels: dict[str, list[tuple[int, int, str, str]]] = {}
    columns = (known.spans[name].to_pylist() for name in ("doc_id", "start", "end", "label", "surface"))
    for doc_id, *span in zip(*columns, strict=True):
        labels.setdefault(doc_id, []).append(tuple(span))
    columns = (known.documents[name].to_pylist() for name in ("doc_id", "revision", "text"))
    for doc_id, revision, text in sorted(zip(*columns, strict=True)):
        spans = labels.get(doc_id, ())
        if all(text[start:end] == surface for start, end, _, surface in spans):
            yield text, lying.get((doc_id, revision), ()), outermost(span[:3] for span in spans)


def _marked(text: str, zones: Sequence[tuple[int, int, str]], names: NameIndex) -> Iterator[tuple[Block, list[str]]]:
    """Give the blocks of a text, and of each of its tokens what name of the list it stands in."""
    found = outermost((start, end, f"name={name.label}") for start, end, name, _ in names.find(text))
    for block in blocks_of(text, zones):
        yield block, ["" if tag == OUTSIDE else tag for tag in tags_of(block, found)]

"""The suggester ``spacy_ner``: a spaCy entity recogniser that learns from the labels that people agreed on, from nothing downloaded."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from copydesk.errors import ConfigError, MissingExtraError
from copydesk.suggestions.spacy_pipeline import SpacyOptions, SpacyPipeline, load
from copydesk.suggestions.suggester import Found, Known, Setup
from copydesk.suggestions.tagger.spans import Span
from copydesk.suggestions.tagger.tagger import agreed_spans

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example

_MODEL = "model"
_BATCH = 4  # documents
_DROPPED = 0.2  # share of the features that are dropped in each step (Srivastava et al., JMLR 15, 2014)
_SEED = 7


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """``[suggest.options.spacy_ner]``: whose tokenizer, from how much it learns at all, and for how long."""

    language: str = "en"  # as spaCy calls it; xx for several
    documents: int = field(default=3, metadata={"least": 1, "most": 1_000_000_000})
    spans: int = field(default=20, metadata={"least": 1, "most": 1_000_000_000})
    rounds: int = field(default=20, metadata={"least": 1, "most": 100_000})


class SpacyNer(SpacyPipeline):
    """Spans as in the labels so far. Of labels that are nested it learns the outermost, and it suggests no span inside another."""

    name = "spacy_ner"
    learns = True

    def __init__(self, setup: Setup) -> None:
        """Raises ConfigError for options that are wrong, MissingExtraError without spaCy."""
        options = setup.read_options(TrainOptions, name=self.name)
        folder = setup.folder / _MODEL
        self._learned = folder.exists()
        self._options = SpacyOptions()
        self._labels = {name: name for name in setup.schema.label_names}
        self._nlp = load(SpacyOptions(model=str(folder))) if self._learned else _blank(options.language)

    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Suggest spans, in the order of the documents; where there was too little to learn from none, and a note says so."""
        if not self._learned:
            return Found(notes=(f"{self.name}: too little was labelled to learn from; it suggests nothing yet",))
        return super().suggest(documents, zones=zones)

    @classmethod
    def learn(cls, setup: Setup, known: Known) -> None:
        """Learn from the documents whose spans are where they say; with too little of them, nothing."""
        options = setup.read_options(TrainOptions, name=cls.name)
        texts = [(text, spans) for text, _, spans in agreed_spans(known)]
        if len(texts) < options.documents or sum(len(spans) for _, spans in texts) < options.spans:
            return
        nlp = _blank(options.language)
        nlp.add_pipe("ner")
        _train(nlp, [_example(nlp, text, spans) for text, spans in texts], rounds=options.rounds)
        nlp.to_disk(setup.folder / _MODEL)


def _blank(language: str) -> Language:
    try:
        import spacy
    except ImportError as error:
        raise MissingExtraError("the suggester spacy_ner needs spaCy", fix="pip install 'copydesk[spacy]'") from error
    try:
        return spacy.blank(language)
    except ImportError as error:
        raise ConfigError(
            f"copydesk.toml: spaCy knows no language {language!r} @ $.suggest.options.spacy_ner.language",
            fix='name one of its languages, such as "en", or "xx" for any',
        ) from error


def _example(nlp: Language, text: str, spans: Iterable[Span]) -> Example:
    """Give a document with its spans, each as the whole tokens inside it."""
    from spacy.training import Example

    marked = nlp.make_doc(text)
    found = (marked.char_span(start, end, label, alignment_mode="contract") for start, end, label in spans)
    marked.ents = [span for span in found if span is not None]
    return Example(nlp.make_doc(text), marked)


def _train(nlp: Language, examples: Sequence[Example], *, rounds: int) -> None:
    """Train for so many rounds, always in the same way: the same examples give the same model."""
    from spacy.util import fix_random_seed  # type: ignore[attr-defined]  # it comes from thinc

    fix_random_seed(_SEED)
    optimizer = nlp.initialize(lambda: examples)
    order = random.Random(_SEED)
    for _ in range(rounds):
        shuffled = order.sample(examples, len(examples))
        for first in range(0, len(shuffled), _BATCH):
            nlp.update(shuffled[first : first + _BATCH], sgd=optimizer, drop=_DROPPED)

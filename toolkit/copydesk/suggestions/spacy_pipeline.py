"""The suggester ``spacy``: what a trained spaCy pipeline finds, under the schema's labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from copydesk.errors import ConfigError, MissingExtraError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_tuples
from copydesk.suggestions.suggester import Found, Setup, Suggester, digest

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_SCORE = 0.8  # of entities, to which spaCy gives none; it ranks suggestions and was not measured


@dataclass(frozen=True, slots=True)
class SpacyOptions:
    """``[suggest.options.spacy]``: which pipeline, and which of its labels are which of the schema's."""

    model: str = ""  # a folder, by its whole path, or an installed package such as en_core_web_sm
    labels: tuple[str, ...] = ()  # as "THEIRS=OURS"; "THEIRS=" for what is to make nothing
    target: str = "ontonotes"  # the map of the schema that says what its labels are called by the pipeline
    spans: str = ""  # the key of doc.spans to read instead of doc.ents
    exclude: tuple[str, ...] = ()  # components that the spans do not rest on: the others are faster alone


class SpacyPipeline(Suggester):
    """The entities of a pipeline, or its spans of one key.

    A label is one of the schema's by the options, else where the schema has one of the same name, else by the schema's map; of
    several that are called the same there, the first. One that is none of the schema's makes nothing.
    """

    name = "spacy"

    def __init__(self, setup: Setup) -> None:
        """Raises ConfigError for a pipeline that cannot be loaded and for labels that the schema has not, MissingExtraError without spaCy."""
        self._options = setup.read_options(SpacyOptions, name=self.name)
        self._labels = _labels(setup.schema, self._options)
        self._nlp = load(self._options)
        theirs = sorted({label for labels in self._nlp.pipe_labels.values() for label in labels})
        if theirs and not any(self._labels.get(label) for label in theirs):
            raise ConfigError(
                f"copydesk.toml: the pipeline gives {', '.join(theirs)}, none of which is a label of the schema",
                fix='say which is which in suggest.options.spacy.labels, as "THEIRS=OURS"',
            )

    @cached_property
    def version(self) -> str:
        """Name and version of the pipeline, and a digest of its files and of the labels."""
        meta, path = self._nlp.meta, self._nlp.path
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path else []
        told = [(str(one.relative_to(path)), hashlib.sha256(one.read_bytes()).hexdigest()) for one in files]
        made = digest([told, self._labels, self._options.spans, self._options.exclude])
        return f"{meta['lang']}_{meta['name']} {meta['version']} {made}"

    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Suggest spans, in the order of the documents; a text longer than the pipeline takes has none, and a note says so."""
        most = self._nlp.max_length
        read = list(zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True))
        notes = [
            f"spacy: {doc_id} has {len(text)} characters, and the pipeline takes {most}: it has no suggestions of it"
            for doc_id, text in read
            if len(text) > most
        ]
        rows: list[tuple[Any, ...]] = []
        with self._nlp.memory_zone():  # what new words take is given back
            pairs = ((text, doc_id) for doc_id, text in read if len(text) <= most)
            for doc, doc_id in self._nlp.pipe(pairs, as_tuples=True):
                rows += ((doc_id, *found, []) for found in self._spans(doc))
        return Found(from_tuples("suggestions", rows), notes=tuple(notes))

    def _spans(self, doc: Doc) -> Iterator[tuple[int, int, str, str, str, float]]:
        key = self._options.spans
        group = doc.spans.get(key) if key else None
        spans = (group or ()) if key else doc.ents
        scores: Sequence[float] = [] if group is None else group.attrs.get("scores", [])
        seen: set[tuple[int, int, str]] = set()
        for at, span in enumerate(spans):
            ours = self._labels.get(span.label_, "")
            place = span.start_char, span.end_char, ours
            if ours and span.text and place not in seen:
                seen.add(place)
                score = float(min(1.0, max(0.0, scores[at]))) if len(scores) else _SCORE
                yield span.start_char, span.end_char, span.text, ours, span.label_, score


def _labels(schema: LabelSchema, options: SpacyOptions) -> Mapping[str, str]:
    """Give the schema's label for each of the pipeline's."""
    ours = schema.label_names
    labels: dict[str, str] = {}
    for one in schema.mapped:
        if one.target == options.target and one.name in ours:
            for theirs in one.theirs:
                labels.setdefault(theirs, one.name)
    labels |= {name: name for name in ours}
    wrong = [one for one in options.labels if one.count("=") != 1 or one.split("=")[1].strip() not in {*ours, ""}]
    if wrong:
        raise ConfigError(
            f"copydesk.toml: {', '.join(map(repr, wrong))} @ $.suggest.options.spacy.labels",
            fix=f'write "THEIRS=OURS", where OURS is one of {", ".join(ours)}',
        )
    return labels | {theirs.strip(): mine.strip() for theirs, mine in (one.split("=") for one in options.labels)}


def load(options: SpacyOptions) -> Language:
    """Load a pipeline; raises ConfigError where it cannot be loaded, MissingExtraError without spaCy."""
    try:
        import spacy
    except ImportError as error:
        raise MissingExtraError("the suggester spacy needs spaCy", fix="pip install 'copydesk[spacy]'") from error
    place = "@ $.suggest.options.spacy.model"
    fix = "name the whole path of a pipeline's folder, or an installed pipeline such as en_core_web_sm"
    if not options.model:
        raise ConfigError(f"copydesk.toml: the suggester spacy is told no pipeline {place}", fix=fix)
    try:
        return spacy.load(options.model, exclude=options.exclude)
    except (OSError, ValueError, ImportError) as error:
        raise ConfigError(f"copydesk.toml: {options.model!r} cannot be loaded {place}: {error}", fix=fix) from error

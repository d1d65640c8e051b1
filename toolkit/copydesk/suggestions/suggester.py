"""What suggests: documents go in, spans, relations and categories come out, each with a score.

A suggester of one's own is a class like those of this folder, installed with an entry point in the group ``copydesk.suggesters``
and named in ``[suggest] use`` of ``copydesk.toml``.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np
import pyarrow as pa

from copydesk.errors import ConfigError
from copydesk.model.schema import LabelSchema
from copydesk.model.settings import read_section
from copydesk.model.tables import empty, from_rows
from copydesk.suggestions.names import Name

GROUP = "copydesk.suggesters"
SHIPPED = {
    "rules": "copydesk.suggestions.by_rule:Rules",
    "spacy": "copydesk.suggestions.spacy_pipeline:SpacyPipeline",
    "spacy_ner": "copydesk.suggestions.spacy_ner:SpacyNer",
    "tagger": "copydesk.suggestions.tagger:Tagger",
    "seen": "copydesk.suggestions.seen:Seen",
    "copies": "copydesk.suggestions.copies:Copies",
    "gliner": "copydesk.suggestions.gliner:Gliner",
    "endpoint": "copydesk.suggestions.endpoint.suggester:Endpoint",
}
_Options = TypeVar("_Options")
_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in some documents: the tables ``suggestions``, ``suggested_relations`` and ``suggested_categories``.

    ``notes`` are sentences for the report, such as that a service did not answer for a document; of so many documents
    (``unanswered``) there may be more another time.
    """

    spans: pa.Table = field(default_factory=partial(empty, "suggestions"))
    relations: pa.Table = field(default_factory=partial(empty, "suggested_relations"))
    categories: pa.Table = field(default_factory=partial(empty, "suggested_categories"))
    notes: tuple[str, ...] = ()
    unanswered: int = 0

    @classmethod
    def of(
        cls,
        *,
        spans: Iterable[_Row] = (),
        relations: Iterable[_Row] = (),
        categories: Iterable[_Row] = (),
        notes: Iterable[str] = (),
        unanswered: int = 0,
    ) -> Found:
        """Make it of rows; the column ``by`` is left to who called the suggester."""
        return cls(
            from_rows("suggestions", [{**row, "by": []} for row in spans]),
            from_rows("suggested_relations", [{**row, "by": []} for row in relations]),
            from_rows("suggested_categories", [{**row, "by": []} for row in categories]),
            tuple(notes),
            unanswered,
        )


@dataclass(frozen=True, slots=True)
class Setup:
    """What a suggester is made with; it can be sent to other processes.

    ``options`` is the suggester's own part of ``copydesk.toml``, ``[suggest.options.NAME]``, whose paths begin at ``root``; ``folder``
    is its own place on disk, where it may keep what it learned.
    """

    schema: LabelSchema
    folder: Path
    names: tuple[Name, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    root: Path = Path()

    def read_options(self, kind: type[_Options], *, name: str) -> _Options:
        """Read the options as a dataclass whose defaults say what each of them must be; raises ConfigError that lists all faults."""
        return read_section(kind, self.options, place=f"suggest.options.{name}")


@dataclass(frozen=True, slots=True)
class Known:
    """The labels that people made, and the documents that they were made on: rows of ``documents`` (newest revisions),
    ``zones``, ``agreed_spans``, ``agreed_relations``, ``agreed_categories`` and ``copies``.

    A document without a label is one in which people found nothing.
    """

    documents: pa.Table
    zones: pa.Table
    spans: pa.Table
    relations: pa.Table
    categories: pa.Table
    copies: pa.Table


def spans_in(
    documents: pa.Table, find: Callable[[str], Iterable[tuple[int, int, str, float]]], *, rule: str
) -> Iterator[dict[str, Any]]:
    """Give the rows of ``suggestions`` that ``find`` makes of each text: start, end, label and score."""
    for doc_id, text in zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True):
        for start, end, label, score in find(text):
            place = {"doc_id": doc_id, "start": start, "end": end, "surface": text[start:end]}
            yield {**place, "label": label, "rule": rule, "score": score}


class Suggester(ABC):
    """One way to suggest. It is made anew in each process that works; what it learned lies in ``setup.folder``."""

    name: ClassVar[str]
    learns: ClassVar[bool] = False  # whether there is anything to learn from labels
    edition: ClassVar[int] = 1  # another one learns otherwise from the same labels

    @abstractmethod
    def __init__(self, setup: Setup) -> None:
        """Make it ready. Raises ConfigError for options that are wrong, MissingExtraError where a library is not installed."""

    @property
    @abstractmethod
    def version(self) -> str:
        """What tells it from itself at another time: it changes where it would suggest otherwise."""

    @abstractmethod
    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Suggest for each of these documents: at least the columns doc_id, revision, text, title, language and published_at.

        ``zones`` are theirs. The same document gives the same, whatever the others are. Spans lie within the text and their
        ``surface`` is its slice; scores are from 0 to 1, and higher is surer.
        """

    @classmethod
    def learn(cls, setup: Setup, known: Known) -> None:
        """Learn from what people labelled, and keep it in ``setup.folder``, which is empty; the same ``known`` gives the same files.

        Only a suggester that ``learns`` is asked to. It may be made before there was anything to learn from, and suggests nothing then.
        """
        raise NotImplementedError(f"{cls.name} learns nothing")


@runtime_checkable
class Unsure(Protocol):
    """A suggester that can say how unsure it is."""

    def uncertainty(self, documents: pa.Table, *, zones: pa.Table) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Give a number for each of these documents, higher where it is less sure."""
        ...


def digest(value: object) -> str:
    """Give a short version for something that JSON can hold."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:12]


def suggester_class(name: str) -> type[Suggester]:
    """Give the suggester of this name, shipped or installed. Raises ConfigError where there is none."""
    installed = {one.name: one for one in entry_points(group=GROUP)}
    if name in SHIPPED:
        found = resolve_name(SHIPPED[name])
    elif name in installed:
        found = installed[name].load()
    else:
        known = ", ".join(sorted({*SHIPPED, *installed}))
        raise ConfigError(f"there is no suggester {name!r} @ $.suggest.use", fix=f"name some of: {known}")
    if not (isinstance(found, type) and issubclass(found, Suggester)):
        raise ConfigError(
            f"the suggester {name!r} is no Suggester", fix=f"its entry point in {GROUP} must name a class"
        )
    return found

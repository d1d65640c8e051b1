"""The suggester ``endpoint``: a language model behind any OpenAI-compatible address.

Every answer is kept under a digest of the model and of all that it was told, so that nothing is asked, or paid for, twice, and what was
suggested can be made again without the address. Its key comes from the environment, and is kept nowhere.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

import pyarrow as pa

from copydesk.errors import ConfigError
from copydesk.model.windows import cut
from copydesk.store import digest_of, write_json
from copydesk.suggestions.endpoint.answer import Place, Read, read_answer
from copydesk.suggestions.endpoint.client import Answer, Client
from copydesk.suggestions.endpoint.prompt import answer_schema, messages
from copydesk.suggestions.suggester import Found, Setup, Suggester, digest

_GIVEN_UP = 3  # questions in a row without an answer, after which nothing more is asked
_SHOWN = 5  # documents without an answer that a note names


@dataclass(frozen=True, slots=True)
class Options:
    """``[suggest.options.endpoint]``."""

    url: str = ""  # such as http://127.0.0.1:8000/v1; empty: only what was answered before
    model: str = ""
    key_env: str = "COPYDESK_ENDPOINT_KEY"  # the variable that holds the key; none is sent where it is not set
    shots: int = 3  # examples of the guidelines that are shown first
    most_chars: int = 8_000  # of an article that are asked about at once
    parallel: int = 4  # questions at a time
    timeout: float = 120.0  # seconds
    tries: int = 4
    wait: float = 1.0  # seconds before the second try; twice as long before each one after it
    price_asked: float = 0.0  # of a million tokens of questions, in any currency
    price_answered: float = 0.0  # of a million tokens of answers


@dataclass(slots=True)
class _Tally:
    """What was asked for some documents, and what came of it."""

    answers: int = 0
    cached: int = 0
    asked: int = 0  # tokens
    answered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    without: dict[str, str] = field(default_factory=dict)  # documents, and why


@dataclass(slots=True)
class _Said:
    """The rows that answers give."""

    spans: list[dict[str, Any]] = field(default_factory=list)
    relations: list[dict[str, Any]] = field(default_factory=list)
    categories: list[dict[str, Any]] = field(default_factory=list)

    def add(self, doc_id: str, text: str, read: Sequence[tuple[int, Read]]) -> None:
        """Add what is said of a document's pieces; of a category the surest piece counts."""
        surest: dict[str, tuple[float, str]] = {}
        for first, one in read:
            for start, end, label, score in one.spans:
                place = {"start": first + start, "end": first + end, "surface": text[first + start : first + end]}
                self.spans.append({"doc_id": doc_id, **place, "label": label, "rule": Endpoint.name, "score": score})
            for head, tail, label, score in one.relations:
                ends = {**_end("head", head, first), **_end("tail", tail, first)}
                self.relations.append({"doc_id": doc_id, **ends, "label": label, "score": score})
            for name, value, score in one.categories:
                surest[name] = max(surest.get(name, (0.0, "")), (score, value))
        for name, (score, value) in surest.items():
            self.categories.append({"doc_id": doc_id, "name": name, "value": value, "score": score})


def _end(name: str, place: Place, first: int) -> dict[str, Any]:
    start, end, label = place
    return {f"{name}_start": first + start, f"{name}_end": first + end, f"{name}_label": label}


class Endpoint(Suggester):
    """What a language model quotes; confidences are its own, and worth nothing until they are calibrated."""

    name = "endpoint"

    def __init__(self, setup: Setup) -> None:
        """Raises ConfigError where no model is named."""
        self._options = setup.read_options(Options, name=self.name)
        if not self._options.model:
            raise ConfigError("no model @ $.suggest.options.endpoint", fix='name one, such as model = "gpt-oss-20b"')
        self._schema = setup.schema
        self._cache = setup.folder / "answers"
        self._in_a_row = 0  # questions without an answer

    @property
    def version(self) -> str:
        """It changes with the model and with what it is told."""
        told = messages(self._schema, "", shots=self._options.shots)
        return f"{self._options.model} {digest([told, self._options.most_chars])}"

    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Ask about each document, a long one in pieces; one for which an answer is missing gets no suggestion, and is noted."""
        del zones
        tally = _Tally()
        rows = list(zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True))
        said = _Said()
        with self._client() as client, ThreadPoolExecutor(self._options.parallel) as pool:
            got = [(doc_id, text, self._asked(text, client, pool)) for doc_id, text in rows]
            for doc_id, text, answers in got:
                said.add(doc_id, text, self._read(doc_id, list(answers), tally))
        return Found.of(
            spans=said.spans,
            relations=said.relations,
            categories=said.categories,
            notes=self._notes(tally),
            unanswered=len(tally.without),
        )

    def _client(self) -> Client:
        options = self._options
        key = os.environ.get(options.key_env, "")
        return Client(options.url, key, timeout=options.timeout, tries=options.tries, wait=options.wait)

    def _asked(
        self, text: str, client: Client, pool: ThreadPoolExecutor
    ) -> Iterator[tuple[int, str, tuple[Answer | str, bool]]]:
        """Give the start of each piece, its text, and the answer or why there is none."""
        pieces = [one.place for one in cut(text, most=self._options.most_chars)]
        answers = pool.map(partial(self._answer, client), [text[start:end] for start, end in pieces])
        return ((start, text[start:end], answer) for (start, end), answer in zip(pieces, answers, strict=True))

    def _answer(self, client: Client, piece: str) -> tuple[Answer | str, bool]:
        """Give the answer about a piece, or why there is none; and whether it was there before."""
        told = messages(self._schema, piece, shots=self._options.shots)
        key = digest_of([self._options.model, told])
        path = self._cache / key[:2] / f"{key}.json"
        if path.exists():
            return Answer(**json.loads(path.read_bytes())), True
        if not self._options.url:
            return "no address, and not answered before", False
        if self._in_a_row >= _GIVEN_UP:
            return "not asked, since others got no answer", False
        answer = client.ask(self._options.model, told, answer=answer_schema(self._schema))
        self._in_a_row = 0 if isinstance(answer, Answer) else self._in_a_row + 1
        if isinstance(answer, Answer):
            own = path.with_name(uuid4().hex)  # another process may ask the same at this moment
            write_json(own, asdict(answer))
            own.replace(path)
        return answer, False

    def _read(
        self, doc_id: str, answers: Sequence[tuple[int, str, tuple[Answer | str, bool]]], tally: _Tally
    ) -> list[tuple[int, Read]]:
        """Read the answers about a document, each with the start of its piece; none where one of them is missing."""
        read: list[tuple[int, Read]] = []
        for first, piece, (answer, was_there) in answers:
            if isinstance(answer, str):
                tally.without[doc_id] = answer
                continue
            tally.answers += 1
            tally.cached += was_there
            tally.asked += 0 if was_there else answer.asked
            tally.answered += 0 if was_there else answer.answered
            one = read_answer(answer.content, piece, self._schema)
            tally.refused += one.refused
            read.append((first, one))
        return [] if doc_id in tally.without else read

    def _notes(self, tally: _Tally) -> Iterator[str]:
        options = self._options
        cost = (tally.asked * options.price_asked + tally.answered * options.price_answered) / 1e6
        price = f", cost {cost:.4f}" if cost else ""
        if tally.answers:
            yield (
                f"{self.name} {options.model}: {tally.answers:,} answers, {tally.cached:,} of them from before; "
                f"{tally.asked:,} tokens asked, {tally.answered:,} answered{price}"
            )
        if tally.refused:
            told = ", ".join(f"{count} {reason}" for reason, count in sorted(tally.refused.items()))
            yield f"{self.name} {options.model}: of its answers was refused: {told}"
        if tally.without:
            shown = [f"{doc_id} ({why})" for doc_id, why in sorted(tally.without.items())[:_SHOWN]]
            more = f" and {len(tally.without) - _SHOWN} more" if len(tally.without) > _SHOWN else ""
            yield f"{self.name} {options.model}: {len(tally.without)} documents go without: {', '.join(shown)}{more}"

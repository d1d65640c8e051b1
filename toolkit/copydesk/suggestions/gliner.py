"""The suggester ``gliner``: a GLiNER model of the kind "span", exported to ONNX, from a folder on this machine.

The folder has ``model.onnx`` (or ``onnx/model.onnx``), ``tokenizer.json`` and ``gliner_config.json``. What the model is told and what it
answers: U. Zaratiana et al., GLiNER: Generalist Model for Named Entity Recognition, NAACL 2024; names and shapes of its tensors are those
of the exports of the project GLiNER.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from copydesk.errors import ConfigError, MissingExtraError
from copydesk.model.schema import LabelSchema
from copydesk.model.windows import cut
from copydesk.store import file_sha256
from copydesk.suggestions.suggester import Found, Setup, Suggester, digest, spans_in

_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")  # as the model was trained
_FIX = "python -m pip install 'copydesk[gliner]'"
_Span = tuple[int, int, str, float]


@dataclass(frozen=True, slots=True)
class Options:
    """``[suggest.options.gliner]``. ``prompts`` says what a label is called in words, such as "GPE=country or city"."""

    folder: str = ""  # from the workspace
    least: float = 0.5  # of the model's score
    most_chars: int = 1_500  # of an article that are read at once
    prompts: tuple[str, ...] = ()


class Gliner(Suggester):
    """What a GLiNER model finds, given the labels in words."""

    name = "gliner"

    def __init__(self, setup: Setup) -> None:
        """Raises ConfigError for a folder that holds no such model, MissingExtraError where its runtime is not installed."""
        self._options = setup.read_options(Options, name=self.name)
        folder = setup.root / self._options.folder
        model = next((path for path in (folder / "model.onnx", folder / "onnx" / "model.onnx") if path.is_file()), None)
        if not self._options.folder or model is None:
            raise ConfigError(
                f"no model.onnx in {folder} @ $.suggest.options.gliner.folder",
                fix="name the folder of an exported model",
            )
        self._prompts = _prompts(setup.schema, self._options.prompts)
        config = json.loads((folder / "gliner_config.json").read_bytes())
        self._width = int(config["max_width"])
        self._marks = config.get("ent_token", "<<ENT>>"), config.get("sep_token", "<<SEP>>")
        self._tokenizer = _library("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._model = _library("onnxruntime").InferenceSession(str(model), providers=["CPUExecutionProvider"])
        self._version = digest([file_sha256(model), self._prompts, self._options.least, self._options.most_chars])

    @property
    def version(self) -> str:
        """It changes with the model's file and with what labels are called."""
        return self._version

    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Suggest spans that do not overlap: the surest first."""
        del zones
        return Found.of(spans=spans_in(documents, self._of_text, rule=self.name))

    def _of_text(self, text: str) -> Iterator[_Span]:
        for window in cut(text, most=self._options.most_chars):
            words = [match.span() for match in _WORD.finditer(text, window.start, window.end)]
            if words:
                yield from _apart(self._scored(text, words))

    def _scored(self, text: str, words: Sequence[tuple[int, int]]) -> Iterator[_Span]:
        """Give all spans that score enough."""
        ent, sep = self._marks
        prompt = [token for words_of in self._prompts.values() for token in (ent, words_of)] + [sep]
        encoded = self._tokenizer.encode([*prompt, *(text[start:end] for start, end in words)], is_pretokenized=True)
        places = np.array([(at, at + width) for at in range(len(words)) for width in range(self._width)], np.int64)
        given = {
            "input_ids": np.array([encoded.ids], np.int64),
            "attention_mask": np.array([encoded.attention_mask], np.int64),
            "words_mask": np.array([_words_mask(encoded.word_ids, len(prompt))], np.int64),
            "text_lengths": np.array([[len(words)]], np.int64),
            "span_idx": places[None],
            "span_mask": (places[:, 1] < len(words))[None],
        }
        (logits,) = self._model.run(["logits"], given)
        chances = 1 / (1 + np.exp(-logits[0].astype(np.float64)))  # [words, widths, labels]
        labels = list(self._prompts)
        for at, width, number in np.argwhere(chances > self._options.least).tolist():
            if at + width < len(words):
                score = round(float(chances[at, width, number]), 6)
                yield words[at][0], words[at + width][1], labels[number], score


def _words_mask(word_ids: Sequence[int | None], prompt: int) -> list[int]:
    """Number the first piece of each word of the text from 1; the prompt's and all others are 0."""
    before: int | None = None
    mask = []
    for word in word_ids:
        is_first = word is not None and word != before and word >= prompt
        mask.append(word - prompt + 1 if is_first and word is not None else 0)
        before = word
    return mask


def _apart(spans: Iterator[_Span]) -> list[_Span]:
    kept: list[_Span] = []
    for span in sorted(spans, key=lambda one: (-one[3], one[0] - one[1], one[0], one[2])):
        if all(span[1] <= other[0] or other[1] <= span[0] for other in kept):
            kept.append(span)
    return sorted(kept)


def _prompts(schema: LabelSchema, given: Sequence[str]) -> dict[str, str]:
    """Say what each label is called in words; raises ConfigError for a label that there is not."""
    named = dict(one.split("=", 1) for one in given if "=" in one)
    wrong = [one for one in given if "=" not in one] + sorted(set(named) - set(schema.label_names))
    if wrong:
        raise ConfigError(
            f"{', '.join(map(repr, wrong))} @ $.suggest.options.gliner.prompts", fix='write "LABEL=what it is called"'
        )
    return {label: named.get(label) or label.lower().replace("_", " ") for label in schema.label_names}


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"the suggester gliner needs {name}, which is not installed", fix=_FIX) from error

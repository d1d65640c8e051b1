"""A text and what was declared of it in, its language out (ISO 639-1), or nothing where nobody could tell.

What the text says beats a declaration: sites declare ``en`` for whatever they print. Words that only one language has so many of are
looked for first, since that is cheap; the model of py3langid is asked where they do not decide. Only the head of a text is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.rules import rule_data
from copydesk.documents.texts import Numbers

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]{1,8})*", re.IGNORECASE)


class _Evidence(NamedTuple):
    language: str
    words: frozenset[str]
    each: float
    whole: float


def languages_of(texts: Sequence[str], declared: Sequence[str | None]) -> list[str | None]:
    """Give the language of each text: by its words, else as ``declared`` if that is a code of ISO 639-1, else by the model.

    The only blanks of the texts are spaces and line feeds. ``None`` for a text of too few letters.
    """
    length = sample_length()
    samples = [text[:length] for text in texts]
    found = languages_by_words(samples)
    return [
        language or plausible_language(said) or language_by_model(sample)
        for language, said, sample in zip(found, declared, samples, strict=True)
    ]


def languages_by_words(samples: Sequence[str]) -> list[str | None]:
    """Give the language whose words a sample is full of, for each; ``None`` where none of the listed ones is that sure."""
    lengths = np.fromiter(map(len, samples), np.int64, len(samples))
    thirds = lengths // 3
    words, third = _words_in_thirds(samples)
    found = np.zeros(len(samples), np.int64)  # 0 for none, otherwise the place of the language, from 1 on
    for place, evidence in reversed(list(enumerate(_evidence(), start=1))):
        listed = pa.array([word + blank for word in evidence.words for blank in " \n\0"], words.type)
        held = third[np.asarray(pc.is_in(words, listed))]
        counts = np.bincount(held, minlength=3 * len(samples)).reshape(-1, 3)
        each = counts.min(axis=1) * 100 >= evidence.each * thirds
        whole = counts.sum(axis=1) * 100 >= evidence.whole * lengths
        found[each & whole & (lengths >= rule_data("language")["shortest"])] = place
    names = [None, *(evidence.language for evidence in _evidence())]
    return [names[place] for place in found.tolist()]


def _words_in_thirds(samples: Sequence[str]) -> tuple[pa.Array, Numbers]:
    """Give the words of all samples, each with the blank or the NUL after it, and for each the number of the third that it is in."""
    cuts = [(len(sample) // 3, 2 * (len(sample) // 3)) for sample in samples]
    thirds = (f"{one[:low]}\0{one[low:high]}\0{one[high:]}\0" for one, (low, high) in zip(samples, cuts, strict=True))
    raw = b"".join(map(str.encode, thirds))
    read = np.frombuffer(raw, np.uint8)
    ends = np.flatnonzero(read <= ord(" "))
    offsets = np.concatenate((np.zeros(1, np.int64), ends + 1))
    words = pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(raw))
    is_last = read[ends] == 0
    return words, np.cumsum(is_last) - is_last


def language_by_model(sample: str) -> str | None:
    """Ask the model; ``None`` for a sample of too few letters."""
    sample = sample[: rule_data("language")["asked"]]
    letters = "".join(filter(str.isalpha, sample))
    if len(letters.encode("utf-8", "surrogatepass")) < rule_data("language")["fewest"]:
        return None
    language: str = _model().classify(sample)[0]
    return language


def plausible_language(declared: str | None) -> str | None:
    """Give the ISO 639-1 code of a declaration such as ``en``, ``pt-BR`` or ``zh_Hans``; ``None`` for anything else."""
    match = _CODE.fullmatch(declared.strip()) if declared else None
    code = match[1].lower() if match else ""
    return code if code in _codes() else None


@cache
def sample_length() -> int:
    """Give how many characters of a text are read."""
    return int(rule_data("language")["sample"])


@cache
def _codes() -> frozenset[str]:
    return frozenset(rule_data("language")["codes"])


@cache
def _evidence() -> tuple[_Evidence, ...]:
    rows = rule_data("language")["evidence"]
    return tuple(_Evidence(**row | {"words": frozenset(row["words"])}) for row in rows)


@cache
def _model() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)

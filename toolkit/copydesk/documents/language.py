"""A text and what was declared of it in, its language out (ISO 639-1), or nothing where nobody could tell.

What the text says beats a declaration: sites declare ``en`` for whatever they print. Words that only one language has so many of are
looked for first, since that is cheap; the model of py3langid is asked where they do not decide. Only the head of a text is read.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from copydesk.documents.rules import rule_data

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]{1,8})*", re.IGNORECASE)


class _Evidence(NamedTuple):
    language: str
    words: frozenset[str]
    each: float
    whole: float


def language_of(text: str, declared: str | None = None) -> str | None:
    """Give the language of ``text``: by its words, else as ``declared`` if that is a code of ISO 639-1, else by the model.

    ``None`` for a text of too few letters.
    """
    sample = text[: sample_length()]
    return language_by_words(sample) or plausible_language(declared) or language_by_model(sample)


def language_by_words(sample: str) -> str | None:
    """Give the language whose words a sample is full of; ``None`` where none of the listed ones is that sure."""
    if len(sample) < rule_data("language")["shortest"]:
        return None
    third = len(sample) // 3
    parts = (sample[:third], sample[third : 2 * third], sample[2 * third :])
    for language, words, each, whole in _evidence():
        found = [len(list(filter(words.__contains__, part.split()))) for part in parts]
        if min(found) * 100 >= each * third and sum(found) * 100 >= whole * len(sample):
            return language
    return None


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

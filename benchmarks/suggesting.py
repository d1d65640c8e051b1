"""Names, dates and numbers looked for in texts, in CPU seconds.

Names alone beside spaCy's ``PhraseMatcher``, from text to places: both get the same 100,000 names and the same generated articles, and
count what they find; ours looks for the variants of every name, too. Then all that the suggester ``rules`` knows with the schema and the
names of the checkout, from documents to tables with the values of dates. Making the index is left out everywhere.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import spacy
from generator import article
from ratio import Ratio, at_least, cpu_seconds, show
from spacy.matcher import PhraseMatcher

from copydesk.model.tables import empty
from copydesk.suggestions import Rules, Setup, read_names, suggested_times
from copydesk.suggestions.names import Name, NameIndex
from copydesk.suggestions.words import word_pattern
from copydesk.workspace import Workspace

NAMES, ARTICLES, ROUNDS = 100_000, 400, 5
TARGET, MILLIONS_A_SECOND = 10, 1
CHECKOUT = Path(__file__).parents[1]
_SYLLABLES = ["ka", "rim", "to", "bel", "vor", "san", "dal", "mi", "ros", "ten", "har", "zu", "ola", "pek"]


def run() -> Iterator[Ratio]:
    """Give the ratio of names alone, and how many words are searched for everything in a second."""
    texts = [article(number)["text"] for number in range(ARTICLES)]
    names = _names(texts)
    index = NameIndex([Name(one, "NAME", one) for one in names])
    nlp = spacy.blank("en")
    matcher = PhraseMatcher(nlp.vocab)
    matcher.add("NAME", list(nlp.tokenizer.pipe(names)))
    words = sum(len(_words(text)) for text in texts)
    rounds = []
    for _ in range(ROUNDS):
        ours = cpu_seconds(lambda: [list(index.find(text)) for text in texts])
        theirs = cpu_seconds(lambda: [matcher(doc) for doc in nlp.tokenizer.pipe(texts)])
        print(f"names: ours {words / ours:,.0f} words a second, PhraseMatcher {words / theirs:,.0f}")
        rounds.append(theirs / ours)
    yield at_least("100,000 names in articles, PhraseMatcher / ours", rounds, TARGET)
    yield at_least("millions of words a second, names, dates and numbers", _everything(texts, words), MILLIONS_A_SECOND)


def _everything(texts: Sequence[str], words: int) -> list[float]:
    workspace = Workspace.open(CHECKOUT)
    schema, (listed, place) = workspace.schema(), workspace.names()
    rules = Rules(Setup(schema, Path(), read_names(listed, place=place, schema=schema)))
    columns = {
        "doc_id": [str(number) for number in range(len(texts))],
        "revision": [1] * len(texts),
        "text": texts,
        "published_at": [datetime(2017, 11, 3, tzinfo=UTC)] * len(texts),
    }
    documents, zones = pa.table(columns), empty("zones")

    def work() -> None:
        suggested_times(rules.suggest(documents, zones=zones).spans, documents=documents, schema=schema)

    return [words / 1e6 / cpu_seconds(work) for _ in range(ROUNDS)]


def _words(text: str) -> list[str]:
    return word_pattern().findall(text)


def _names(texts: list[str]) -> list[str]:
    """Make names of one to three words, every tenth word of which stands in the texts."""
    rng = random.Random(7)
    capital = sorted({word for text in texts for word in _words(text) if word[0].isupper()})
    made: set[str] = set()
    while len(made) < NAMES:
        made.add(" ".join(_word(rng, capital) for _ in range(rng.choice((1, 2, 2, 2, 3)))))
    return sorted(made)


def _word(rng: random.Random, capital: list[str]) -> str:
    if rng.random() < 0.1:
        return rng.choice(capital)
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4))).capitalize()


if __name__ == "__main__":
    sys.exit(show(run()))

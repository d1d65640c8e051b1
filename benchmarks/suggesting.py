"""Names of a list looked for in texts, in CPU seconds: ours beside spaCy's ``PhraseMatcher``, from text to places.

Both get the same 100,000 names and the same generated articles, and count what they find; ours looks for the variants of every
name, too. Making the index is left out on both sides.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

import spacy
from generator import article
from ratio import Ratio, at_least, cpu_seconds, show
from spacy.matcher import PhraseMatcher

from copydesk.suggestions.names import Name, NameIndex
from copydesk.suggestions.words import tokens

NAMES, ARTICLES, ROUNDS = 100_000, 400, 5
TARGET = 10
_SYLLABLES = ["ka", "rim", "to", "bel", "vor", "san", "dal", "mi", "ros", "ten", "har", "zu", "ola", "pek"]


def run() -> Iterator[Ratio]:
    """Give the ratio, and print how many words are searched in a second."""
    texts = [article(number)["text"] for number in range(ARTICLES)]
    names = _names(texts)
    index = NameIndex([Name(one, "NAME", one) for one in names])
    nlp = spacy.blank("en")
    matcher = PhraseMatcher(nlp.vocab)
    matcher.add("NAME", list(nlp.tokenizer.pipe(names)))
    words = sum(len(tokens(text)) for text in texts)
    rounds = []
    for _ in range(ROUNDS):
        ours = cpu_seconds(lambda: [list(index.find(text)) for text in texts])
        theirs = cpu_seconds(lambda: [matcher(doc) for doc in nlp.tokenizer.pipe(texts)])
        print(f"names: ours {words / ours:,.0f} words a second, PhraseMatcher {words / theirs:,.0f}")
        rounds.append(theirs / ours)
    yield at_least("100,000 names in articles, PhraseMatcher / ours", rounds, TARGET)


def _names(texts: list[str]) -> list[str]:
    """Make names of one to three words, every tenth word of which stands in the texts."""
    rng = random.Random(7)
    capital = sorted({word for text in texts for _, word in tokens(text) if word[0].isupper()})
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

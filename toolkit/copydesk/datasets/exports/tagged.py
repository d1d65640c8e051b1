"""A tag for each token: CoNLL-2003's columns, and BIO or BILOU as JSON Lines, one sentence a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from copydesk.datasets.exports.corpus import Corpus, Labelled
from copydesk.datasets.exports.layer import Placed, aligned, bilou, bio, one_layer, sentences
from copydesk.datasets.exports.report import Made, Tally
from copydesk.datasets.exports.words import TOKENIZER, Token, tokens_of

Scheme = Callable[[Iterable[Placed], int], list[str]]


@dataclass(frozen=True, slots=True)
class _Tagged:
    """A document's tokens with their tags, and the ranges of its sentences."""

    document: Labelled
    tokens: Sequence[Token]
    tags: Sequence[str]
    sentences: Sequence[tuple[int, int]]

    def words(self, start: int, end: int) -> list[str]:
        return [self.document.text[token.start : token.end] for token in self.tokens[start:end]]


def write_conll(corpus: Corpus, place: Path) -> Made:
    """Write ``SPLIT.conll``: word, two columns that are not known, tag (IOB2); a line ``-DOCSTART-`` opens each document.

    ``SPLIT.documents.txt`` has the ``doc_id`` of each document in their order, one a line.
    """
    tally = Tally(TOKENIZER)
    for split in corpus.splits:
        lines = place / f"{split}.conll"
        ids = place / f"{split}.documents.txt"
        with lines.open("w", encoding="utf-8", newline="\n") as file, ids.open("w", encoding="utf-8") as named:
            for tagged in _tagged(corpus, split, bio, tally):
                named.write(f"{tagged.document.doc_id}\n")
                file.write("-DOCSTART- -X- O O\n\n")
                for start, end in tagged.sentences:
                    rows = zip(tagged.words(start, end), tagged.tags[start:end], strict=True)
                    file.writelines(f"{word} -X- -X- {tag}\n" for word, tag in rows)
                    file.write("\n")
    return tally.made()


def write_bio(corpus: Corpus, place: Path) -> Made:
    """Write ``SPLIT.jsonl`` with the tags of IOB2."""
    return _write_json_lines(corpus, place, bio)


def write_bilou(corpus: Corpus, place: Path) -> Made:
    """Write ``SPLIT.jsonl`` with the tags of BILOU."""
    return _write_json_lines(corpus, place, bilou)


def _write_json_lines(corpus: Corpus, place: Path, scheme: Scheme) -> Made:
    tally = Tally(TOKENIZER)
    for split in corpus.splits:
        with (place / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            for tagged in _tagged(corpus, split, scheme, tally):
                for number, (start, end) in enumerate(tagged.sentences):
                    row = {
                        "doc_id": tagged.document.doc_id,
                        "sentence": number,
                        "tokens": tagged.words(start, end),
                        "tags": tagged.tags[start:end],
                        "starts": [token.start for token in tagged.tokens[start:end]],
                        "ends": [token.end for token in tagged.tokens[start:end]],
                    }
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return tally.made()


def _tagged(corpus: Corpus, split: str, scheme: Scheme, tally: Tally) -> Iterator[_Tagged]:
    for document in corpus.documents(split):
        tokens = tokens_of(document.text)
        placed, misaligned = aligned(document, tokens, split=split)
        taken, overlapping = one_layer(document, placed, split=split)
        ranges = list(sentences(document, tokens, taken))
        tally.add(documents=1, sentences=len(ranges), tokens=len(tokens), spans=len(taken))
        tally.left_out += misaligned + overlapping
        yield _Tagged(document, tokens, scheme(taken, len(tokens)), ranges)

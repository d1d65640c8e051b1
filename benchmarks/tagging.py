"""What the small model is worth: exact F1 on real gold by documents to learn from, beside the rules alone; and what it costs.

Five folds over documents: each is tagged by a model that did not see it. Of nested gold the outermost spans count. Seconds are CPU seconds.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gold import Gold, documents_of, known_of, read_gum, read_re3d, schema_of, zones_of

from copydesk.model.schema import LabelSchema
from copydesk.suggestions import Calibration, Found, Rules, Setup, combine
from copydesk.suggestions.tagger import Tagger
from copydesk.suggestions.tagger.spans import outermost

FOLDS, SEED = 5, 0
DOCUMENTS = (5, 10, 25, 50, 60)
RULES = {
    "re3d": {"date": "Temporal", "number": "Quantity"},
    "gum": {"date": "time", "number": "quantity"},
}
_Given = TypeVar("_Given")


@dataclass(slots=True)
class Score:
    """Spans that were found, that are right, and both."""

    found: int = 0
    right: int = 0
    both: int = 0

    def add(self, golds: Sequence[Gold], found: Found) -> None:
        """Count what was found in these documents."""
        rows = found.spans.select(["doc_id", "start", "end", "label"]).to_pylist()
        theirs = {tuple(row.values()) for row in rows}
        right = {(gold.doc_id, *span) for gold in golds for span in outermost(gold.spans)}
        self.found += len(theirs)
        self.right += len(right)
        self.both += len(theirs & right)

    def __str__(self) -> str:
        precision, recall = self.both / max(1, self.found), self.both / max(1, self.right)
        return f"{2 * self.both / max(1, self.found + self.right):.3f} ({precision:.3f}, {recall:.3f})"


def main() -> int:
    """Print a row for each number of documents."""
    for name, golds in (("re3d", read_re3d()), ("gum", read_gum())):
        words = sum(len(gold.text.split()) for gold in golds)
        spans = sum(len(outermost(gold.spans)) for gold in golds)
        print(f"{name}: {len(golds)} documents, {words} words, {spans} outermost spans; F1 (precision, recall)")
        schema = schema_of(golds)
        labels = {rule: label for rule, label in RULES[name].items() if label in schema.label_names}
        schema = replace(schema, suggest=tuple(labels.items()))
        for documents in sorted({min(one, len(golds) - -(-len(golds) // FOLDS)) for one in DOCUMENTS}):
            print(" ", _row(golds, schema, documents), flush=True)
    return 0


def _row(golds: Sequence[Gold], schema: LabelSchema, documents: int) -> str:
    tagger, rules, both = Score(), Score(), Score()
    learning = tagging = 0.0
    for seen, unseen in _folds(golds, documents):
        table, zones = documents_of(unseen), zones_of(unseen)
        with tempfile.TemporaryDirectory() as folder:
            setup = Setup(schema, Path(folder))
            known = known_of(seen)
            _, seconds = _timed(lambda setup=setup, known=known: Tagger.learn(setup, known))
            learning += seconds
            ready = Tagger(setup)
        found, seconds = _timed(lambda ready=ready, table=table, zones=zones: ready.suggest(table, zones=zones))
        tagging += seconds
        by_rule = Rules(setup).suggest(table, zones=zones)
        tagger.add(unseen, found)
        rules.add(unseen, by_rule)
        both.add(unseen, _combined(found, by_rule))
    words = sum(len(gold.text.split()) for gold in golds)
    return (
        f"{documents} documents: tagger {tagger}, rules {rules}, both {both}; learned in {learning / FOLDS:.2f} s, "
        f"{words / tagging:,.0f} words/s"
    )


def _folds(golds: Sequence[Gold], documents: int) -> Iterator[tuple[list[Gold], list[Gold]]]:
    """Give documents to learn from, and those of the fold."""
    mixed = random.Random(SEED).sample(golds, len(golds))
    for fold in range(FOLDS):
        others = [gold for at, gold in enumerate(mixed) if at % FOLDS != fold]
        yield others[:documents], mixed[fold::FOLDS]


def _combined(tagger: Found, rules: Found) -> Found:
    found = {"tagger": tagger, "rules": rules}
    return combine(found, versions=dict.fromkeys(found, "1"), least=0.0, overlap="none", calibration=Calibration())


def _timed(work: Callable[[], _Given]) -> tuple[_Given, float]:
    begin = time.process_time()
    return work(), time.process_time() - begin


if __name__ == "__main__":
    sys.exit(main())

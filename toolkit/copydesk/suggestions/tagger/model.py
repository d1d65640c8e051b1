"""The one door to CRFsuite: features and tags go in, the bytes of a model come out; and the model tags.

Lafferty, McCallum and Pereira, Conditional Random Fields (ICML 2001); CRFsuite by Naoaki Okazaki.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pycrfsuite

_RIDGE = 0.5  # weight of the squares of the weights


def train(sequences: Iterable[tuple[Sequence[Sequence[str]], Sequence[str]]], *, place: Path, rounds: int) -> None:
    """Write a model that learned from sequences, each the features and the tags of its tokens: the same ones give the same bytes."""
    trainer = pycrfsuite.Trainer(
        algorithm="lbfgs", params={"c1": 0.0, "c2": _RIDGE, "max_iterations": rounds}, verbose=False
    )
    for features, tags in sequences:
        trainer.append(features, tags)
    trainer.train(str(place))


class Model:
    """A model that is ready to tag."""

    def __init__(self, data: bytes) -> None:
        self._tagger = pycrfsuite.Tagger()
        self._data = data  # the tagger reads it where it lies
        self._tagger.open_inmemory(data)

    def tag(self, features: Sequence[Sequence[str]]) -> tuple[list[str], list[float]]:
        """Give the likeliest tags of a sequence, and how likely each of them is: its marginal probability."""
        tags: list[str] = self._tagger.tag(features)
        return tags, [self._tagger.marginal(tag, at) for at, tag in enumerate(tags)]

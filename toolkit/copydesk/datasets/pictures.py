"""The pictures of a version's card: what draws them is handed to publishing, which keeps them as files beside the card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from copydesk.datasets.content import Content, Step

FOLDER = "pictures"
DRAWN_BY = "vl-convert-python"  # whose version decides over their bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the card: the name of its file, without the ending, its heading, and what it shows in a sentence."""

    name: str
    title: str
    says: str
    svg: bytes

    @property
    def path(self) -> str:
        """Where it lies in the version's folder."""
        return f"{FOLDER}/{self.name}.svg"


Draw = Callable[
    [Path, Content, Step], Sequence[Picture]
]  # the folder with the version's tables, what it says, the step


def no_pictures(_place: Path, _content: Content, _step: Step) -> Sequence[Picture]:
    """Draw nothing."""
    return ()

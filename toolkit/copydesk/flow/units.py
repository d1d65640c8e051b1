"""What was found goes in, the units of work come out: what is new or changed, cut so that each is read and committed as one.

How inputs are cut depends on the inputs alone, never on who works: small files are put together until they are enough, a large
file of lines is cut at fixed places, and everything else is a unit of its own. A unit is named by its content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from copydesk.articles import Input, Origins, ReadOptions, digest_of_input, stretches
from copydesk.documents import RECIPE
from copydesk.model.progress import Progress
from copydesk.store import digest_of

FILES = 500  # small files in a unit, at most
BYTES = 16_000_000  # of small files in a unit; of a stretch of a large one
_STAGE = "ingest/1"

Known = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Piece:
    """An input, or a stretch of it, and the digest of all that decides what is read from it."""

    input: Input
    key: str

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from every other piece: the address, and the stretch."""
        return self.input.source, self.input.stretch


@dataclass(frozen=True, slots=True)
class Unit:
    """What is read and committed as one."""

    pieces: tuple[Piece, ...]
    key: str

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> Unit:
        """Make a unit of pieces."""
        return cls(tuple(pieces), digest_of([[*piece.place, piece.key] for piece in pieces]))

    @property
    def bytes(self) -> int:
        """How many bytes are to be read."""
        return sum(piece.input.bytes for piece in self.pieces)

    def __str__(self) -> str:
        first = self.pieces[0].input
        more = f" and {len(self.pieces) - 1} more" if len(self.pieces) > 1 else ""
        return f"{first.source}{f', bytes {first.stretch}' if first.stretch else ''}{more}"


def pieces_of(inputs: Sequence[Input], *, options: ReadOptions, progress: Progress) -> Iterator[Piece]:
    """Cut the inputs, in the order of their addresses, and take the digest of each piece."""
    origins = Origins()
    rules = digest_of([_STAGE, RECIPE, asdict(options)])
    known = sum(one.bytes for one in inputs)
    done = 0
    for whole in sorted(inputs, key=lambda one: one.source):
        origin = {name: str(value) for name, value in asdict(origins.of(whole)).items()}
        for one in stretches(whole, size=BYTES):
            done += one.bytes
            yield Piece(one, digest_of([digest_of_input(one), origin, rules]))
            progress("looking for what is new (bytes)", done, known)


def units_of(pieces: Sequence[Piece]) -> Iterator[Unit]:
    """Put pieces together in their order: files that hold one article each until they are enough, all others alone."""
    small: list[Piece] = []
    for piece in pieces:
        if not piece.input.is_single:
            yield Unit.of([piece])
            continue
        small.append(piece)
        if len(small) == FILES or sum(one.input.bytes for one in small) >= BYTES:
            yield Unit.of(small)
            small = []
    if small:
        yield Unit.of(small)

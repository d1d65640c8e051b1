"""What was found goes in, the units of work come out: what is new or changed, cut so that each is read and committed as one.

How inputs are cut depends on the inputs alone, never on who works: small files are put together until they are enough, a large
file of lines is cut at fixed places, and everything else is a unit of its own. A unit is named by its content.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from copydesk.articles import Cut, Input, ProvenanceFiles, ReadOptions, cut
from copydesk.documents import RECIPE
from copydesk.model.progress import Progress
from copydesk.store import digest_of

FILES = 500  # small files in a unit, at most
BYTES = 16_000_000  # of small files in a unit; of a stretch of a large one
_STAGE = "ingest/1"


@dataclass(frozen=True, slots=True)
class Piece:
    """A cut input, and the digest of all that decides what is read from it."""

    cut: Cut
    key: str

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from every other piece: the address, and the stretch."""
        return self.cut.input.address, str(self.cut.input.stretch or "")


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
        return sum(piece.cut.bytes for piece in self.pieces)

    def __str__(self) -> str:
        address, stretch = self.pieces[0].place
        more = f" and {len(self.pieces) - 1} more" if len(self.pieces) > 1 else ""
        return f"{address}{f', bytes {stretch}' if stretch else ''}{more}"


def pieces_of(inputs: Sequence[Input], *, options: ReadOptions, fetched: Path, progress: Progress) -> Iterator[Piece]:
    """Cut the inputs, in the order of their addresses; what has a URL is fetched into a folder."""
    provenance = ProvenanceFiles()
    rules = digest_of([_STAGE, RECIPE, asdict(options)])
    known = sum(one.size or 0 for one in inputs)
    done = 0
    for one in sorted(inputs, key=lambda each: each.source):
        origin = provenance.of(one.path, source=one.source) if one.path else None
        told = {name: str(value) for name, value in asdict(origin).items()} if origin else {}
        for made in cut(one, size=BYTES, options=options, folder=fetched):
            stretch = made.input.stretch
            yield Piece(made, digest_of([made.sha256, stretch.before if stretch else 0, told, rules]))
            done += made.bytes
            progress("looking for what is new (bytes)", done, max(known, done))


def units_of(pieces: Sequence[Piece]) -> Iterator[Unit]:
    """Put pieces together in their order: files that hold one article each until they are enough, all others alone."""
    small: list[Piece] = []
    for piece in pieces:
        if not piece.cut.is_single:
            yield Unit.of([piece])
            continue
        small.append(piece)
        if len(small) == FILES or sum(one.cut.bytes for one in small) >= BYTES:
            yield Unit.of(small)
            small = []
    if small:
        yield Unit.of(small)

"""Inputs in, the pieces that are read on their own out, each with the digest of its bytes.

A large file of lines is cut where a line ends, at the first line end past each multiple of a size: where depends on the file alone,
so what was read of it before is known again after lines were added to its end. All other inputs are one piece each.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from copydesk.articles.inputs import Input, Stretch
from copydesk.articles.kinds import DOCUMENTS, kind_of
from copydesk.articles.remote import fetched
from copydesk.articles.streams import InputFault, local, wide_encoding
from copydesk.model.reading import ReadOptions

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece: the input or a stretch of it, the SHA-256 of its bytes, and how many they are.

    Where the input cannot be read, ``sha256`` is the reason; reading it tells of that.
    """

    input: Input
    sha256: str
    bytes: int

    @property
    def is_single(self) -> bool:
        """Whether it is one file that holds one article."""
        return kind_of(self.input.file_name).name in DOCUMENTS


def cut(one: Input, *, size: int, options: ReadOptions, folder: Path) -> Iterator[Cut]:
    """Give the pieces of an input in their order; what has a URL is fetched into ``folder`` first, and read from there."""
    try:
        here = one if one.url is None else _fetched(one, options, folder)
        assert here.path is not None
        with io.BufferedReader(local(here.path), _BLOCK) as file:
            yield from _cut(here, file, size)
    except InputFault as fault:
        yield Cut(one, f"{fault.reason}: {fault.detail}", 0)
    except OSError as error:
        yield Cut(one, f"unreadable: {error.strerror}", 0)


def _cut(one: Input, file: io.BufferedReader[io.FileIO], size: int) -> Iterator[Cut]:
    kind = kind_of(one.file_name)
    is_lines = kind.name == "jsonl" and not kind.compression and not wide_encoding(file.read(4))
    file.seek(0)
    start = before = 0
    while True:
        digest = hashlib.sha256()
        read = lines = 0
        while block := file.read(min(_BLOCK, size - read) if is_lines and read < size else _BLOCK):
            digest.update(block)
            read += len(block)
            lines += block.count(b"\n")
            if is_lines and read >= size:
                while not block.endswith(b"\n") and (block := file.readline(_BLOCK)):
                    digest.update(block)
                    read, lines = read + len(block), lines + block.endswith(b"\n")
                break
        end = start + read
        is_whole = not start and not file.peek(1)
        if is_whole or read:
            stretch = None if is_whole else Stretch(start, end, before)
            yield Cut(replace(one, stretch=stretch), digest.hexdigest(), read)
        if is_whole or not file.peek(1):
            return
        start, before = end, before + lines


def _fetched(one: Input, options: ReadOptions, folder: Path) -> Input:
    """Fetch what has an address; the file keeps the address's name, which says how it is to be read."""
    assert one.url is not None
    place = folder / hashlib.sha256(one.url.encode()).hexdigest()[:32]
    with suppress(FileExistsError):
        place.mkdir(parents=True)
    path = place / (one.file_name[-100:] or "index")
    with fetched(one.url, options) as source, path.open("wb") as file:
        shutil.copyfileobj(source, file, _BLOCK)
    return replace(one, path=path, url=None)

"""Paths, patterns and addresses in, the inputs to read out: what a person named, and what can be read in their folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from copydesk.articles.kinds import is_readable
from copydesk.articles.provenance import FILE_NAME as PROVENANCE
from copydesk.errors import UnknownError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WILD = re.compile(r"[*?\[]")
_GLOB = re.compile(
    r"(?P<deep>\*\*/)|(?P<all>\*\*)|(?P<some>\*)|(?P<one>\?)|(?P<set>\[!?\]?[^\]/]*\])|(?P<sign>.)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a file of lines: its bytes from ``start`` to before ``end``, and the number of lines before it."""

    start: int
    end: int
    before: int

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read, from a ``path`` or a ``url``; ``source`` is its address in the workspace's terms."""

    source: str
    path: Path | None = None
    url: str | None = None
    size: int | None = None  # in bytes, where it is known before
    stretch: Stretch | None = None  # what of it is read; all of it without one

    @property
    def address(self) -> str:
        """The source as every table can hold it: bytes of a name that are not UTF-8 are escaped."""
        return self.source.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")

    @property
    def file_name(self) -> str:
        """The last part of its path, which says by its suffixes how it is read."""
        if self.path is not None:
            return self.path.name
        return unquote(urlsplit(self.url or "").path).rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Found:
    """The inputs to read, by source, and what of the folders was passed over; both sorted, none twice."""

    inputs: tuple[Input, ...]
    passed_over: tuple[Path, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The paths of those inputs that have one, sorted."""
        return tuple(sorted(one.path for one in self.inputs if one.path is not None))


def find_inputs(named: Iterable[str | Path], *, root: Path | None = None, loopback: bool = False) -> Found:
    """Give the inputs among what is named: files, folders, patterns such as ``crawl/**/*.jsonl.gz``, and URLs.

    A named file is always taken; of a folder or a pattern, whatever has a suffix that can be read. Hidden files and folders
    and other kinds of file are passed over. What hides articles that may be wanted is an input, too, so that reading it tells why
    it gives none: a folder that cannot be opened, a link to a folder (it may lead in a circle, and is not followed), a pipe, a
    link to nothing. ``provenance.toml`` is neither: it is read beside the articles. An input below ``root`` is called by its
    path from there. URLs may be ``https://``, ``s3://``, ``gs://``, ``file://`` and ``memory://``; the last four may hold
    patterns (``loopback`` as in ReadOptions).
    Raises UnknownError for what does not exist, or an address of another kind; MissingExtraError where a package is missing.
    """
    files: set[Path] = set()
    passed_over: set[Path] = set()
    urls: dict[str, Input] = {}
    for one in named:
        text = str(one)
        if isinstance(one, str) and _URL.match(text) and not text.startswith("file://"):
            from copydesk.articles.remote import found_at

            urls |= {url: Input(url, url=url, size=size) for url, size in found_at(text, loopback=loopback)}
            continue
        for entry, wanted in _local(_path(text)):
            (files if wanted else passed_over).add(entry)
    inputs = [_input(path, root) for path in files] + list(urls.values())
    unique = {one.source: one for one in inputs}
    return Found(tuple(unique[source] for source in sorted(unique)), tuple(sorted(passed_over - files)))


def find_files(paths: Sequence[Path]) -> Found:
    """Give the inputs among paths of this machine; see ``find_inputs``."""
    return find_inputs(paths)


def _path(text: str) -> Path:
    return Path(unquote(urlsplit(text).path)) if text.startswith("file://") else Path(text)


def _local(path: Path) -> Iterator[tuple[Path, bool]]:
    if os.path.isdir(path):  # noqa: PTH112 (Path.is_dir fails where it may not look)
        return _below(path)
    if os.path.lexists(path):
        return iter([(path, True)])
    if not _WILD.search(str(path)):
        raise UnknownError(f"there is no file or folder {str(path)!r}", fix="name one that exists")
    return _matching(path)


def _matching(pattern: Path) -> Iterator[tuple[Path, bool]]:
    """Give what matches a pattern; what does not was not asked for, and is not told of."""
    parts = pattern.parts
    fixed = next(place for place, part in enumerate(parts) if _WILD.search(part))
    folder = Path(*parts[:fixed])
    wanted = re.compile(_translated("/".join(parts[fixed:])))
    found = [
        (path, readable)
        for path, readable in (_below(folder) if folder.is_dir() else ())
        if wanted.fullmatch(path.relative_to(folder).as_posix())
    ]
    if not any(readable for _, readable in found):
        raise UnknownError(f"nothing that can be read matches {str(pattern)!r}", fix="correct the pattern")
    return iter(found)


def _translated(pattern: str) -> str:
    """Write a pattern as a regular expression: ``*`` within a folder, ``**/`` over any number of them."""
    plain = {"deep": "(?:.*/)?", "all": ".*", "some": "[^/]*", "one": "[^/]"}
    written: list[str] = []
    for match in _GLOB.finditer(pattern):
        kind, text = str(match.lastgroup), match.group()
        if kind == "set":
            written.append("[^" + text[2:] if text.startswith("[!") else text)
        else:
            written.append(plain.get(kind) or re.escape(text))
    return "".join(written)


def _input(path: Path, root: Path | None) -> Input:
    size = path.stat().st_size if os.path.isfile(path) else None  # noqa: PTH113 (Path.is_file fails where it may not look)
    if root is None:
        return Input(path.as_posix(), path=path, size=size)
    whole = path.parent.resolve() / path.name  # a link is called what it is called, wherever it leads
    inside = whole.is_relative_to(root)
    return Input((whole.relative_to(root) if inside else whole).as_posix(), path=whole, size=size)


def _below(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Give every entry below ``folder`` with whether it can be read."""
    unopened: list[Path] = []
    walk = os.walk(folder, onerror=lambda error: unopened.append(Path(error.filename)))
    for place, folders, names in walk:
        here = Path(place)
        hidden = [name for name in folders if name.startswith(".")]
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(set(folders) - {*hidden, *links})
        yield from ((here / name, False) for name in hidden)
        yield from ((here / name, True) for name in links if not name.startswith("."))
        for name in names:
            if name != PROVENANCE:
                yield here / name, _is_wanted(here / name)
    yield from ((path, True) for path in unopened)


def _is_wanted(path: Path) -> bool:
    return not path.name.startswith(".") and is_readable(path.name)

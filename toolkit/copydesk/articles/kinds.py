"""A file's name in, what kind of container it is and how it is compressed out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

_KINDS = {
    "text": ("txt",),
    "html": ("html", "htm", "xhtml"),
    "feed": ("xml", "rss", "atom", "rdf"),
    "json": ("json",),
    "jsonl": ("jsonl", "ndjson"),
    "csv": ("csv",),
    "tsv": ("tsv",),
    "parquet": ("parquet",),
    "warc": ("warc",),
    "zip": ("zip",),
    "tar": ("tar",),
}
_BY_SUFFIX = {f".{suffix}": kind for kind, suffixes in _KINDS.items() for suffix in suffixes}
_COMPRESSIONS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_SHORT = {".tgz": ("tar", "gzip"), ".tzst": ("tar", "zstd")}
ARCHIVES = frozenset({"zip", "tar"})
DOCUMENTS = frozenset({"text", "html", ""})  # one article a file; "" is a named file of no known suffix


@dataclass(frozen=True, slots=True)
class Kind:
    """How to read a file: ``name`` is empty where its suffix says nothing; ``suffix`` is the one that says what it is."""

    name: str
    compression: str = ""
    suffix: str = ""


def kind_of(name: str) -> Kind:
    """Tell the kind of a file from its name or the path of its URL, in any case of letters."""
    path = PurePosixPath(name.lower())
    if path.suffix in _SHORT:
        kind, compression = _SHORT[path.suffix]
        return Kind(kind, compression, path.suffix)
    compression = _COMPRESSIONS.get(path.suffix, "")
    suffix = PurePosixPath(path.stem).suffix if compression else path.suffix
    return Kind(_BY_SUFFIX.get(suffix, ""), compression, suffix)


def is_readable(name: str) -> bool:
    """Tell whether a file found in a folder or an archive is one that can be read."""
    return bool(kind_of(name).name)

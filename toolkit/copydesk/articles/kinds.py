"""A file's name in, what kind of container it is and how it is compressed out."""

from __future__ import annotations

from dataclasses import dataclass

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
    stem, suffix = _parted(name.lower().rpartition("/")[2])
    if suffix in _SHORT:
        kind, compression = _SHORT[suffix]
        return Kind(kind, compression, suffix)
    compression = _COMPRESSIONS.get(suffix, "")
    if compression:
        _, suffix = _parted(stem)
    return Kind(_BY_SUFFIX.get(suffix, ""), compression, suffix)


def _parted(name: str) -> tuple[str, str]:
    """Part a name from its suffix; one that only begins with a dot has none."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and suffix else (name, "")


def is_readable(name: str) -> bool:
    """Tell whether a file found in a folder or an archive is one that can be read."""
    return bool(kind_of(name).name)

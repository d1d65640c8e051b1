"""What a reader is told: the limits, the columns of tables, and what may be fetched."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What an input may cost, checked before it is paid: sizes in bytes, texts in characters, times in seconds."""

    max_bytes: int  # of one article, and of one line or field that holds it
    max_chars: int  # of an article's text
    max_whole_bytes: int = 100_000_000  # of what can only be read whole: a feed, or a JSON object
    max_entries: int = 50_000_000  # of one input, whatever it holds
    max_depth: int = 100  # of values in values: JSON, and elements of a feed
    max_ratio: int = 300  # bytes that compressed data may give for each byte read
    max_expanded_bytes: int = 1_000_000_000_000  # that one input may give in all
    max_download_bytes: int = 2_000_000_000  # of one https answer
    max_download_seconds: int = 600


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a table (or key of a JSON object) is what; empty means one of the usual names, ``columns.toml``."""

    text: str = ""
    html: str = ""
    title: str = ""
    url: str = ""
    id: str = ""
    authors: str = ""
    publisher: str = ""
    published_at: str = ""
    language: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Everything that decides how an input is read.

    ``loopback`` lets this call, and no other, fetch from the machine itself, and by plain http from there: it is for
    tests with a server of their own. No other private address can be reached with it.
    """

    limits: Limits
    columns: Columns = field(default_factory=Columns)
    loopback: bool = False

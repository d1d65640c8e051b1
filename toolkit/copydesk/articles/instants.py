"""A date as a feed, a row or a header writes it in, an instant in UTC out; nothing here asks what day it is today."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 100  # characters: longer strings are no dates
_SECONDS = re.compile(r"[0-9]{9,10}(?:\.[0-9]+)?")
_MILLISECONDS = re.compile(r"[0-9]{13}")
_NUMERIC_ZONE = re.compile(r"([+-]\d{2}):?(\d{2})\s*(?:\([^)]*\))?$")
# RFC 822 as nearly all write it: what this takes, parsedate_to_datetime reads the same way in four times the time.
_USUAL = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) ([12]\d{3}) (\d\d:\d\d:\d\d) (GMT|UTC|[+-]\d{4})", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS = {month: f"{number + 1:02d}" for number, month in enumerate(_MONTHS)}
_DAY_AND_CLOCK = re.compile(r"\d{1,2}\s+[A-Za-z]{3,9}\.?,?\s+\d{2,4}")


def instant(value: object) -> datetime | None:
    """Read ISO 8601, RFC 822, or seconds or milliseconds since 1970; ``None`` for all else.

    A time without a zone is UTC, as in ``provenance.toml``. What does not say its day, month and year ("Friday", "10:30",
    "yesterday") is not read: it could only be completed from a clock.
    """
    if isinstance(value, str):
        return _written(value.strip())
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _written(str(value))


def _written(text: str) -> datetime | None:
    if not text or len(text) > _LONGEST:
        return None
    return (_epoch(text) or _iso(text) if text[0].isdigit() else _usual(text)) or _rfc822(text)


def _iso(text: str) -> datetime | None:
    if not text[:4].isdigit():
        return None
    if len(text) > 19 and text[-4:] in {" UTC", " GMT"}:
        text = text[:-4] + "+00:00"
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def _usual(text: str) -> datetime | None:
    found = _USUAL.fullmatch(text)
    if found is None:
        return None
    day, month, year, clock, zone = found.groups()
    return _iso(f"{year}-{_NUMBERS.get(month)}-{day}T{clock}{zone if zone[1:].isdigit() else '+00:00'}")


def _rfc822(text: str) -> datetime | None:
    if not _DAY_AND_CLOCK.search(text):
        return None
    try:
        return _utc(parsedate_to_datetime(_NUMERIC_ZONE.sub(r"\1\2", text)))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _epoch(text: str) -> datetime | None:
    if not text[4:9].isdigit():
        return None
    try:
        if _SECONDS.fullmatch(text):
            return datetime.fromtimestamp(float(text), tz=UTC)
        if _MILLISECONDS.fullmatch(text):
            return datetime.fromtimestamp(int(text) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _utc(moment: datetime) -> datetime | None:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # within a day of the years 1 or 9999
        return None

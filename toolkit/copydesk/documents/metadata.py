"""The zones of a text in, what they say of its making out: who wrote it, and when it was published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from copydesk.documents.rules import rule_data, rules
from copydesk.model.document import Zone

_AND = re.compile(r" (?:and|&) ", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")


def authors_of(text: str, zones: Sequence[Zone]) -> tuple[str, ...]:
    """Give the authors that the bylines name, in their order, each once; no outlets, places or offices."""
    named: dict[str, None] = {}
    for zone in zones:
        if zone.kind == "byline":
            named |= dict.fromkeys(_authors(_BLANKS.sub(" ", text[zone.start : zone.end]), zone.rule))
    return tuple(named)


def _authors(line: str, name: str) -> list[str]:
    rule = next((rule for rule in rules("credits", "byline") if rule.name == name), None)
    match = rule.pattern.fullmatch(line) if rule else None
    if match is None:
        return []
    parts = match["authors"].split(", ")
    joined = [place for place, part in enumerate(parts) if _AND.search(part)]
    # "Jane Doe, John Roe and Ann Poe, Vellin Post": what follows the last "and" is where they work, as is what follows one name.
    listed = parts[: joined[-1] + 1] if joined else parts[:1]
    names = [name for part in listed for name in _AND.split(part)]
    return [name for name in names if _is_person(name)]


def _is_person(name: str) -> bool:
    """Whether it has two words or more, none of which outlets are called by."""
    written = name.casefold().split()
    return len(written) > 1 and not set(written) & set(rule_data("metadata")["outlets"])


def published_of(text: str, zones: Sequence[Zone]) -> datetime | None:
    """Give when the article says that it was published, in UTC; when it was changed is another matter.

    A time of day counts where its zone is one of ``metadata.toml``; otherwise the day alone does, from its midnight. A date
    without a year, and one whose day could be its month, say nothing.
    """
    for zone in zones:
        if zone.rule == "dateline.date":
            line = _BLANKS.sub(" ", text[zone.start : zone.end])
            if not any(word in line.casefold() for word in rule_data("metadata")["changed"]):
                published = instant_of(line)
                if published:
                    return published
    return None


def instant_of(line: str) -> datetime | None:
    """Read the date in a line, and its time if that has a zone."""
    for rule in rules("metadata", "date"):
        match = rule.pattern.search(line)
        if match:
            return _instant(match.groupdict(), line[match.end() :])
    return None


def _instant(found: dict[str, str | None], rest: str) -> datetime | None:
    month = found["month"] or ""
    number = int(month) if month.isdecimal() else rule_data("metadata")["months"].get(month[:3].casefold(), 0)
    try:
        day = datetime(int(found["year"] or 0), number, int(found["day"] or 0), tzinfo=UTC)
        time = rules("metadata", "time")[0].pattern.search(rest)
        return day + _since_midnight(time) if time else day
    except ValueError:  # there is no such day
        return None


def _since_midnight(time: re.Match[str]) -> timedelta:
    """Give what to add to midnight in UTC; nothing where the zone is not known."""
    zone = _offset(time["zone"])
    if zone is None:
        return timedelta()
    hour = int(time["hour"])
    if time["half"]:
        hour = hour % 12 + (12 if time["half"].casefold() == "p" else 0)
    return timedelta(hours=hour, minutes=int(time["minute"]), seconds=int(time["second"] or 0)) - zone


def _offset(zone: str | None) -> timedelta | None:
    if not zone:
        return None
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        sign = -1 if zone[0] == "-" else 1
        return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    hours = rule_data("metadata")["zones"].get(zone.upper())
    return None if hours is None else timedelta(hours=hours)

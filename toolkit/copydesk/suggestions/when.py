"""Dates as an article writes them and the day of its publication go in, their values (TIMEX3) and what they rest on come out.

"Friday" is reckoned from the article's own ``published_at`` (its day in UTC), never from a clock: a report of what was said on
Friday means the last one up to the day of publication. What lies ahead ("will meet on Friday") and what is told of another time
("two days later") is left to a person. The words and patterns are data: ``when.toml``.

Values follow TIMEX3 of TimeML (ISO-TimeML, 2012): 2017-11-03, 2017-11-03TEV, 2017-W44, 2017-09, 2014, 2017-SU, P3Y.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Any

_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
NEARBY = 60  # characters before a date that are looked at for a word that says that it lies ahead
_HALF_A_YEAR = timedelta(days=183)
_Said = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class When:
    """A value, and the rule that gave it. ``reckoned`` says that it rests on the day of publication."""

    value: str
    rule: str
    reckoned: bool


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    words: Mapping[str, Mapping[str, Any]]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    ahead: re.Pattern[str]


def resolve(surface: str, *, published: date | None, before: str = "") -> When | None:
    """Give the value of a date or time; None where it has none that is certain.

    ``published`` is the day of publication, without which "Friday" has no value; ``before`` is the text before it.
    """
    found = _read(surface)
    if found is None:
        return None
    rule, said = found
    absolute = _ABSOLUTE[rule](said) if rule in _ABSOLUTE else None
    if absolute:
        return When(absolute, rule, reckoned=False)
    if published is None or rule not in _RECKONED or (_is_open(said, rule) and _is_ahead(before)):
        return None
    try:
        value = _RECKONED[rule](said, published)
    except (ValueError, OverflowError):  # a day that its month has not, or one out of the calendar
        return None
    return When(value, rule, reckoned=True) if value else None


@lru_cache(maxsize=10_000)
def _read(surface: str) -> tuple[str, _Said] | None:
    """Give the rule that a date is written by, and what it says."""
    text = _BLANKS.sub(" ", surface.strip())
    for rule, one in _vocabulary().patterns:
        match = one.fullmatch(text)
        if match:
            return rule, {name: value for name, value in match.groupdict().items() if value}
    return None


def _is_open(said: _Said, rule: str) -> bool:
    """Whether it may as well lie before as after the day of publication."""
    return rule in {"weekday", "month", "date"} and "which" not in said


def _is_ahead(before: str) -> bool:
    sentence = re.split(r"[.!?;\n]", before[-NEARBY:])[-1]
    return _vocabulary().ahead.search(sentence) is not None


@cache
def _vocabulary() -> _Vocabulary:
    text = (resources.files("copydesk.suggestions") / "when.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    lists: Mapping[str, Mapping[str, Any]] = data["words"]
    words = {name: {word.casefold(): value for word, value in listed.items()} for name, listed in lists.items()}
    one_of = {name: _one_of(listed) for name, listed in words.items()}
    groups = {name: f"(?P<{name}>{expression})" for name, expression in one_of.items()}
    groups |= {
        "year": "(?P<year>(?:19|20)[0-9]{2})",
        "day": "(?P<day>3[01]|[12][0-9]|0?[1-9])",
        "month_digits": "(?P<month_digits>1[0-2]|0[1-9])",
        "count": f"(?P<count>[0-9]{{1,3}}|{one_of['count']})",
    }
    filled = [
        (row["rule"], re.sub(r"\{([a-z_]+)\}", lambda name: groups[name.group(1)], row["pattern"]))
        for row in data["patterns"]
    ]
    patterns = tuple((rule, re.compile(pattern, re.IGNORECASE)) for rule, pattern in filled)
    return _Vocabulary(words, patterns, re.compile(rf"\b(?:{one_of['ahead']})\b", re.IGNORECASE))


def _one_of(listed: Mapping[str, Any]) -> str:
    return "|".join(re.escape(word) for word in sorted(listed, key=lambda word: (-len(word), word)))


def _meant(said: _Said, name: str) -> Any:
    """Give what one of the words stands for."""
    return _vocabulary().words[name][said[name].casefold()]


def _month_of(said: _Said) -> int:
    return int(said["month_digits"]) if "month_digits" in said else int(_meant(said, "month"))


def _date(said: _Said) -> str:
    if "year" not in said:
        return ""
    try:
        return date(int(said["year"]), _month_of(said), int(said["day"])).isoformat()
    except ValueError:
        return ""


def _month(said: _Said) -> str:
    return f"{said['year']}-{_month_of(said):02}" if "year" in said else ""


def _span(said: _Said) -> str:
    clock = "T" if said["unit"].casefold() in _vocabulary().words["clock"] else ""
    return f"P{clock}{_count(said)}{_meant(said, 'unit')}"


def _count(said: _Said) -> int:
    number = said["count"]
    counted = int(number) if number.isdigit() else int(_meant(said, "count"))
    return counted * int(_vocabulary().words["times"].get(said["unit"].casefold(), 1))


def _nearest_date(said: _Said, published: date) -> str:
    """Give the date of the year that brings it nearest to the day of publication."""
    if "year" in said:
        return ""  # a day that its month has not
    years = (published.year - 1, published.year, published.year + 1)
    found = [date(year, _month_of(said), int(said["day"])) for year in years if _is_day(year, said)]
    near = [one for one in found if abs(one - published) <= _HALF_A_YEAR]
    return near[0].isoformat() if near else ""


def _is_day(year: int, said: _Said) -> bool:
    try:
        date(year, _month_of(said), int(said["day"]))
    except ValueError:
        return False
    return True


def _last_month(said: _Said, published: date) -> str:
    """Give the last such month up to that of publication; the next one after it where that is said."""
    month, step = _month_of(said), _meant(said, "which") if "which" in said else 0
    year = published.year
    if step > 0:
        year += month <= published.month
    elif step < 0:
        year -= month >= published.month
    else:
        year -= month > published.month
    return f"{year}-{month:02}"


def _weekday(said: _Said, published: date) -> str:
    """Give the last such day up to that of publication; with "last" before it, with "next" after it."""
    step = _meant(said, "which") if "which" in said else None
    back = (published.weekday() - int(_meant(said, "weekday"))) % 7
    if step == -1:
        back = back or 7
    elif step == 1:
        back -= 7
    elif step == 0:  # of the week that it was published in
        back = published.weekday() - int(_meant(said, "weekday"))
    return _with_part(published - timedelta(days=back), said)


def _near(said: _Said, published: date) -> str:
    tonight = "NI" if said["near"].casefold() == "tonight" else ""
    day = published + timedelta(days=int(_meant(said, "near")))
    return f"{day.isoformat()}T{tonight}" if tonight else _with_part(day, said)


def _part_of_today(said: _Said, published: date) -> str:
    return _with_part(published, said)


def _with_part(day: date, said: _Said) -> str:
    return day.isoformat() + (f"T{_meant(said, 'part')}" if "part" in said else "")


def _whole(said: _Said, published: date) -> str:
    return _shifted(published, str(_meant(said, "whole")), int(_meant(said, "which")))


def _season(said: _Said, published: date) -> str:
    step = int(_meant(said, "which"))
    return f"{published.year}-{_meant(said, 'season')}" if step == 0 else ""


def _ago(said: _Said, published: date) -> str:
    unit = str(_meant(said, "unit"))
    clock = said["unit"].casefold() in _vocabulary().words["clock"]
    return "" if clock else _shifted(published, unit, -_count(said))


def _shifted(day: date, unit: str, steps: int) -> str:
    """Give the day, week, month or year so many steps from that of a day, as exactly as its unit says."""
    if unit == "D":
        return (day + timedelta(days=steps)).isoformat()
    if unit == "W":
        year, week, _ = (day + timedelta(weeks=steps)).isocalendar()
        return f"{year}-W{week:02}"
    if unit == "M":
        months = day.year * 12 + day.month - 1 + steps
        return f"{months // 12}-{months % 12 + 1:02}"
    return f"{day.year + steps:04}"


_ABSOLUTE: Mapping[str, Callable[[_Said], str]] = {
    "date": _date,
    "month": _month,
    "year": lambda said: said["year"],
    "span": _span,
}
_RECKONED: Mapping[str, Callable[[_Said, date], str]] = {
    "date": _nearest_date,
    "month": _last_month,
    "weekday": _weekday,
    "near": _near,
    "part_of_today": _part_of_today,
    "whole": _whole,
    "season": _season,
    "ago": _ago,
}

"""Dates are read as they are written, and never completed from a clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.articles.instants import instant

WHEN = datetime(2024, 5, 3, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2024-05-03T10:30:00Z",
        "2024-05-03T12:30:00+02:00",
        "2024-05-03 10:30",
        "2024-05-03 10:30:00 UTC",
        "20240503T103000Z",
        "Fri, 03 May 2024 10:30:00 GMT",
        "Fri, 3 May 2024 12:30:00 +0200",
        "Fri, 03 May 2024 12:30:00 +02:00",
        "3 May 2024 06:30:00 EDT",
        "Fri, 03 May 24 10:30:00 GMT",
        "1714732200",
        1714732200,
        1714732200.0,
        "1714732200000",
        WHEN,
        datetime(2024, 5, 3, 10, 30),
        datetime(2024, 5, 3, 12, 30, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_date_in_a_form_that_is_used_is_read(written: object) -> None:
    assert instant(written) == WHEN


def test_a_day_is_its_midnight_in_utc() -> None:
    assert instant("2024-05-03") == instant(date(2024, 5, 3)) == datetime(2024, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "Friday",
        "Friday 10:30",
        "10:30",
        "3 hours ago",
        "May",
        "2024",
        "May 2024",
        "",
        "0",
        "32 May 2024 25:00",
        "x" * 999,
        True,
        None,
        [],
        {},
        5,
        float("nan"),
        10**400,
    ],
)
def test_what_does_not_say_its_day_month_and_year_is_no_date(written: object) -> None:
    assert instant(written) is None


@settings(deadline=None, max_examples=500)
@given(st.text(max_size=40) | st.integers() | st.floats() | st.datetimes(timezones=st.timezones()))
def test_whatever_is_written_it_is_an_instant_in_utc_or_none(written: object) -> None:
    found = instant(written)
    assert found is None or found.utcoffset() == timedelta(0)


@settings(deadline=None, max_examples=500)
@given(
    st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(2999, 12, 30)),
    st.sampled_from(["%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "Xyz, %d %b %Y %H:%M:%S", "%a, %d %b %Y %H:%M:61"]),
    st.sampled_from(["GMT", "UTC", "+0000", "-0000", "+0530", "-1145", "+0099", "+2400", "-9999", "EST", "Z", ""]),
)
def test_a_date_of_rfc_822_is_the_instant_that_the_standard_library_makes_of_it(
    moment: datetime, form: str, zone: str
) -> None:
    written = f"{moment.strftime(form)} {zone}".strip()
    try:
        expected = parsedate_to_datetime(written)
    except ValueError:
        assert instant(written) is None
        return
    assert instant(written) == (expected if expected.tzinfo else expected.replace(tzinfo=UTC))

"""The desk: what it counts is what there is, and what it forecasts follows from the days behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.flow.desk import Desk
from copydesk.flow.site import export
from copydesk.report.desk import DAYS, pace
from copydesk.workspace import Workspace

TODAY = date(2024, 5, 17)
DAYS_OF_WORK = st.dictionaries(st.integers(0, 40).map(lambda ago: TODAY - timedelta(ago)), st.integers(0, 500))


def test_the_desk_is_fit_for_everybody(is_fit: Callable[..., None], site: Any) -> None:
    is_fit(f"{site.address}/", entry=site.entry)


def test_the_desk_counts_what_there_is_at_each_step(look: Callable[..., Any], site: Any, shown: Workspace) -> None:
    page = look(f"{site.address}/", entry=site.entry)
    first = page.locator("section", has=page.get_by_role("heading", name=shown.schema_name)).first
    counts = dict(
        zip(
            first.locator(".line .step").all_inner_texts(), first.locator(".line strong").all_inner_texts(), strict=True
        )
    )
    spans = shown.agreed.read("agreed_spans").num_rows
    drawn = shown.labels.read("spans").num_rows
    assert counts == {
        "articles": "12",
        "documents": "12",
        "tasks": "12",
        "labels": f"{drawn:,}",
        "agreed": f"{spans:,}",
        "findings": "0",
        "versions": "1",
    }


def test_every_dispute_that_is_listed_leads_to_its_task(look: Callable[..., Any], site: Any, shown: Workspace) -> None:
    page = look(f"{site.address}/", entry=site.entry)
    links = page.locator(".matters a").evaluate_all("all => all.map(one => one.href)")
    logs = [shown.under(name).pulls for name in shown.schemas]
    tasks = {task for log in logs for task in log.read("task_states")["task_id"].to_pylist()}
    assert links
    assert {int(link.rpartition("task=")[2]) for link in links} <= tasks


def test_a_live_page_shows_what_changed_and_keeps_what_is_open(
    look: Callable[..., Any], site: Any, shown: Workspace
) -> None:
    page = look(f"{site.address}/", entry=site.entry)
    page.locator("details summary").first.click()
    receipt = dict(part.receipt) if (part := shown.findings.part()) else {}
    rows = shown.findings.read("findings")
    made = rows.from_pylist(
        [
            {
                "suite": "own",
                "expectation": "S1 made_up",
                "severity": "error",
                "table": "spans",
                "rows": 1,
                "row_ids": [],
                "message": "A span is odd.",
            }
        ],
        schema=rows.schema,
    )
    failing = shown.findings.read("failing_rows")
    try:
        shown.findings.replace({"findings": made, "failing_rows": failing}, {**receipt, "key": "changed"})
        page.get_by_text("A span is odd.").wait_for()
        assert page.locator("details").first.evaluate("one => one.open")
    finally:
        shown.findings.replace({"findings": rows, "failing_rows": failing}, receipt)


def test_the_exported_desk_needs_no_other_file(look: Callable[..., Any], shown: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    report = export(shown, target)
    assert report.counts["bytes"] == target.stat().st_size
    page = look(target.as_uri(), width=360)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


@pytest.mark.soak
def test_the_exported_desk_is_fit_for_everybody(is_fit: Callable[..., None], shown: Workspace, tmp_path: Path) -> None:
    export(shown, tmp_path / "report.html")
    is_fit((tmp_path / "report.html").as_uri(), widths=[360])  # its parts were looked at as pages


def test_a_workspace_without_anything_has_a_desk(tmp_path: Path) -> None:
    body = Desk(Workspace.create(tmp_path / "new"))().body
    assert "Nothing was pulled" in body


@settings(deadline=None)
@given(DAYS_OF_WORK, st.integers(0, 10_000))
def test_a_forecast_is_what_is_to_come_at_the_mean_pace_and_lies_in_its_interval(
    by_day: dict[date, int], to_come: int
) -> None:
    found = pace(by_day, to_come=to_come, today=TODAY)
    assert found.total == sum(count for day, count in by_day.items() if day > TODAY - timedelta(DAYS))
    assert found.a_day == pytest.approx(found.total / ((TODAY - found.since).days + 1))
    if found.days is not None and found.between is not None:
        assert (found.days - 1) * found.a_day < to_come <= found.days * found.a_day + 1e-6
        assert found.between[0] <= found.days
        assert found.between[1] is None or found.days <= found.between[1]


@pytest.mark.parametrize(
    ("by_day", "to_come"),
    [
        ({}, 10),
        ({TODAY: 5, TODAY - timedelta(1): 5}, 10),
        ({TODAY - timedelta(9): 5}, 0),
        ({TODAY - timedelta(60): 9}, 10),
    ],
    ids=["nobody worked", "two days", "nothing is to come", "long ago"],
)
def test_there_is_no_forecast_where_there_is_nothing_to_go_by(by_day: dict[date, int], to_come: int) -> None:
    assert pace(by_day, to_come=to_come, today=TODAY).days is None

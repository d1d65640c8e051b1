"""The pages of versions: every chart has its table, what is said of a version stands there, and an exported file has the newest alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copydesk.datasets.events import add_event
from copydesk.datasets.load import read_published
from copydesk.datasets.profile import profile
from copydesk.datasets.version import open_release
from copydesk.errors import UnknownError
from copydesk.flow.version_charts import counts_before
from copydesk.flow.version_page import VersionPage, Versions
from copydesk.workspace import Workspace

HOSTILE = '<script>alert(1)</script>\u202e<b onclick="x">'


@pytest.fixture
def published(tmp_path: Path, newsroom: ModuleType) -> Workspace:
    """A workspace with two versions of a dataset, in the second of which two labels are others."""
    (tmp_path / "copydesk.toml").write_text('name = "desk"\nschema = "none"\n', encoding="utf-8")
    home = tmp_path / "datasets" / newsroom.NAME
    for relabelled in ((), ("x1", "x2")):
        newsroom.publish(home, tables=newsroom.many(4, relabelled), about=newsroom.ABOUT)
    return Workspace.open(tmp_path)


@pytest.fixture
def versions(published: Workspace, newsroom: ModuleType) -> list[str]:
    return sorted(path.name for path in (published.datasets / newsroom.NAME).iterdir() if path.is_dir())


@pytest.mark.soak
def test_the_list_of_versions_is_fit_for_everybody(is_fit: Callable[..., None], site: Any) -> None:
    is_fit(f"{site.address}/versions", entry=site.entry)


@pytest.mark.parametrize("schema", [pytest.param(0, marks=pytest.mark.soak), -1])
def test_the_page_of_a_version_is_fit_for_everybody(
    is_fit: Callable[..., None], site: Any, shown: Workspace, schema: int
) -> None:
    name = shown.under(shown.schemas[schema]).title
    is_fit(f"{site.address}/versions/{name}/1.0.0", entry=site.entry)


def test_every_chart_stands_with_the_table_of_its_figures(
    look: Callable[..., Any], site: Any, shown: Workspace
) -> None:
    page = look(f"{site.address}/versions/{shown.title}/1.0.0", entry=site.entry)
    charts = page.locator("figure.chart")
    assert (
        charts.count()
        == page.locator("figure.chart svg[role=img]").count()
        == page.locator("figure.chart table").count()
    )
    labels = charts.filter(has=page.get_by_role("heading", name="Labels", exact=True))
    labels.locator("summary").press("Enter")
    listed = dict(
        zip(
            labels.locator("tbody th").all_inner_texts(),
            map(int, labels.locator("tbody td:nth-child(2)").all_inner_texts()),
            strict=True,
        )
    )
    spans = read_published(shown.datasets / shown.title / "1.0.0", "spans")["label"].value_counts().to_pylist()
    assert listed == {one["values"]: one["counts"] for one in spans}


def test_what_a_label_was_before_follows_from_what_changed(
    published: Workspace, newsroom: ModuleType, versions: list[str]
) -> None:
    before, after = (open_release(published.datasets / newsroom.NAME / number) for number in versions)
    found = counts_before(profile(after.path).spans, after.manifest["diff"]["spans"])
    assert {label: count for label, count in found.items() if count} == profile(before.path).spans
    assert found["PLACE"] != profile(after.path).spans["PLACE"]


def test_what_was_said_of_a_version_stands_on_its_page_and_in_the_list(
    published: Workspace, newsroom: ModuleType, versions: list[str]
) -> None:
    page = VersionPage(published)
    asked = {"name": newsroom.NAME, "version": versions[0]}
    assert "yanked" not in page(asked).body
    home = published.datasets / newsroom.NAME
    add_event(home, "yank", version=versions[0], reason=f"wrong {HOSTILE}", successor=versions[1])
    add_event(home, "alias", alias="stable", version=versions[1])
    for body in (page(asked).body, Versions(published)({}).body):
        assert (
            f"wrong &lt;script&gt;alert(1)&lt;/script&gt;⟦U+202E⟧&lt;b onclick=&#34;x&#34;&gt;; use {versions[1]}"
            in body
        )
        assert "<script" not in body
    assert page({"name": newsroom.NAME, "version": "stable"}).title == f"{newsroom.NAME} {versions[1]}"
    with pytest.raises(UnknownError):
        page({"name": newsroom.NAME, "version": "9.9.9"})


def test_the_page_of_a_version_shows_texts_with_their_labels_and_what_changed(
    published: Workspace, newsroom: ModuleType, versions: list[str]
) -> None:
    body = VersionPage(published)({"name": newsroom.NAME, "version": versions[1]}).body
    assert "<mark><b>PLACE</b>Ida Roe</mark> 🚢 spoke 1 times." in body
    assert f"beside {versions[0]}" in body
    assert "2 labels changed" in body


def test_an_exported_list_leads_to_the_newest_version_alone(
    published: Workspace, newsroom: ModuleType, versions: list[str]
) -> None:
    parts = list(VersionPage(published).newest())
    assert [part.name for part in parts] == [f"{newsroom.NAME}-{versions[1]}"]
    body = Versions(published, exported=True)({}).body
    assert f'href="#{parts[0].name}"' in body
    assert body.count("href=") == 1

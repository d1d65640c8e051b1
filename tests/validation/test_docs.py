"""The pages of a run: they load nothing, run nothing, lead nowhere that is not there, and show the data as it is."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import StoreError
from copydesk.model.tables import TABLES
from copydesk.validation import validate
from copydesk.validation.docs import offline

ROOT = Path(__file__).parents[2]
HOSTILE = '<script src="https://evil.example/x.js"></script><!-- <img src=//evil.example/p.png onerror=f()>'


class Page(HTMLParser):
    """Gathers what a page would load or run, its links, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "form"}:
            self.loads.append(tag)
        for name, value in attrs:
            if tag == "a" and name == "href":
                self.links.append(value or "")
            elif name.startswith("on") or "//" in (value or "") or "url(" in (value or ""):
                self.loads.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.text += data


def build(clean, parameters, folder: Path) -> None:
    tables = {name: pa.Table.from_pylist(rows, schema=TABLES[name]) for name, rows in clean.items()}
    validate(tables, suites=ROOT / "validation", parameters=parameters, data_docs=folder)


def test_no_page_loads_or_runs_anything_whatever_the_data_says(clean, parameters, tmp_path):
    for table, column in (("spans", "surface"), ("spans", "label"), ("reads", "annotator"), ("documents", "doc_id")):
        clean[table][0][column] = HOSTILE
    clean["spans"][3]["span_id"] = clean["spans"][2]["span_id"] = HOSTILE
    build(clean, parameters, tmp_path / "pages")
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in (tmp_path / "pages").rglob("*.html")}
    assert len(pages) == 33  # the index, and for each of sixteen tables its suite and its results
    for path, page in pages.items():
        assert page.loads == [], path
        assert "Content-Security-Policy" in path.read_text(encoding="utf-8")
        for link in page.links:
            assert "//" not in link
            target = path.parent / link.partition("#")[0] if not link.startswith("#") else path
            assert target.resolve().is_file(), f"{path}: {link}"
    assert {path.suffix for path in (tmp_path / "pages").rglob("*.*") if path.is_file()} == {".html", ""}
    results = next(
        page
        for path, page in pages.items()
        if path.match("validations/annotations/spans/**/*.html") or "annotations-spans" in path.name
    )
    assert HOSTILE in results.text
    assert HOSTILE[:50] in pages[tmp_path / "pages" / "index.html"].text


def test_the_index_lists_findings_and_leads_to_the_results_of_every_table(clean, parameters, tmp_path):
    clean["documents"][1]["licence"] = None
    build(clean, parameters, tmp_path / "pages")
    index = Page((tmp_path / "pages" / "index.html").read_text(encoding="utf-8"))
    assert "expectations evaluated: 0 errors, 1 warnings." in index.text
    assert "Documents without a licence: 1 of 2" in index.text
    assert len(index.links) == len(clean)
    shown = [Page((tmp_path / "pages" / link).read_text(encoding="utf-8")).text for link in index.links]
    assert sum("Success Percent" in text for text in shown) == len(clean)


def test_a_later_run_replaces_the_pages_and_leaves_nothing_of_the_earlier(clean, parameters, tmp_path):
    folder = tmp_path / "pages"
    build(clean, parameters, folder)
    first = {path.relative_to(folder) for path in folder.rglob("*.html")}
    (tmp_path / ".tmp-pages").mkdir()  # as a run that was killed leaves it
    (tmp_path / ".tmp-pages" / "half.html").touch()
    clean["documents"][1]["licence"] = None
    build(clean, parameters, folder)
    second = {path.relative_to(folder) for path in folder.rglob("*.html")}
    assert len(first) == len(second)
    assert first & second == {path for path in first if path.parts[0] != "validations"}
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]


def test_a_folder_with_other_files_is_not_touched(clean, parameters, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(StoreError, match="other files"):
        build(clean, parameters, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.text(alphabet="<>/!-&;\"'= abc\n"),
            st.sampled_from(
                ["<script>", "</script>", "<img src=//x>", "<a href='https://x'>", "<p onclick=x>", "<!--", "-->"]
                + ["<style>@import '//x'</style>", "<svg onload=x>", "<link href=//x>", "<div style='a:url(//x)'>"]
                + ["<SCRIPT SRC=//x>", "<iframe srcdoc='<script>'>", "<base href=//x>", "<![CDATA[", "<?x", "<head>"]
            ),
        )
    ).map("".join)
)
def test_what_comes_out_loads_nothing_whatever_went_in(page):
    assert Page(offline(page)).loads == []


def test_text_and_structure_are_kept():
    page = '<!DOCTYPE html><html><head><title>A &amp; B</title></head><body><p id="x">1 &lt; 2<br>&#8217;</p></body></html>'
    kept = offline(page)
    assert kept.startswith("<!DOCTYPE html><html><head><meta charset")
    assert kept.endswith('<title>A &amp; B</title></head><body><p id="x">1 &lt; 2<br>&#8217;</p></body></html>')

"""The results of a run go in, a folder of static pages comes out: Great Expectations' Data Docs, made to be read offline.

Great Expectations draws the pages; what they would load from elsewhere (styles, scripts, a logo whose address counts visits)
is taken out, and a style of our own put in. No page loads anything, holds a script or needs one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from html import escape
from html.parser import HTMLParser
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from copydesk.errors import StoreError
from copydesk.store import TEMPORARY, write_file
from copydesk.validation.suites import Suite

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

_MARK = ".copydesk-pages"  # a folder that holds this file was made here, and may be replaced
_SITE = "pages"
_DROPPED = frozenset({"script", "style", "noscript", "iframe", "object", "svg", "video", "audio", "template"})
_DROPPED_VOID = frozenset({"link", "meta", "base", "img", "source", "embed", "track", "input"})
_LOADING = frozenset({"src", "srcset", "background", "poster", "data", "action", "formaction", "ping", "xlink:href"})
_RULES = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def build(context: EphemeralDataContext, *, target: Path, suites: Sequence[Suite], findings: pa.Table) -> None:
    """Build the pages of everything that ``context`` has judged and put them in the place of ``target``.

    Raises StoreError where ``target`` holds something else than pages made here, or cannot be written.
    """
    if target.exists() and any(target.iterdir()) and not (target / _MARK).exists():
        raise StoreError(
            f"{target} holds other files than pages of a validation", fix="name another folder, or empty it"
        )
    temporary = target.with_name(f"{TEMPORARY}{target.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(temporary.resolve())}
    index = {"class_name": "DefaultSiteIndexBuilder"}
    context.add_data_docs_site(
        _SITE, {"class_name": "SiteBuilder", "store_backend": store, "site_index_builder": index}
    )
    _escape_values(context)
    context.build_data_docs(site_names=[_SITE])
    shutil.rmtree(temporary / "static", ignore_errors=True)
    pages = sorted(temporary.rglob("*.html"))
    for page in pages:
        page.write_text(offline(page.read_text(encoding="utf-8")), encoding="utf-8")
    (temporary / "index.html").write_text(_index(temporary, suites, findings), encoding="utf-8")
    write_file(temporary / _MARK, b"")
    _put_in_place(temporary, target)


def _escape_values(context: EphemeralDataContext) -> None:
    """Escape what was found in the data: Great Expectations writes it into its pages as if it were HTML."""
    store = context.validation_results_store
    for key in store.list_keys():
        done: Any = store.get(key)
        for one in done.results:
            one.result = _escaped(one.result)
        store.set(key, done)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Mapping):
        return {key: _escaped(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(one) for one in value]
    return value


def offline(page: str) -> str:
    """Give a page without anything that it would load or run, with a style of our own."""
    rewriter = _Offline()
    rewriter.feed(page)
    rewriter.close()
    return "".join(rewriter.parts)


class _Offline(HTMLParser):
    """Writes a page again as it reads it, leaving out what loads or runs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._inside = 0  # how many dropped elements are open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._inside += 1
        elif not self._inside and tag not in _DROPPED_VOID:
            kept = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if _harmless(tag, name, value))
            self.parts.append(f"<{tag}{kept}>{_head() if tag == 'head' else ''}")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._inside = max(0, self._inside - 1)
        elif not self._inside:
            self.parts.append(f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.parts.append(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if not self._inside:
            self.parts.append(text)


def _harmless(tag: str, name: str, value: str | None) -> bool:
    text = (value or "").strip().lower()
    if name.startswith("on") or name in _LOADING or "url(" in text or text.startswith(("javascript:", "data:")):
        return False
    return name != "href" or (tag == "a" and "//" not in text)


def _head() -> str:
    style = (resources.files("copydesk.validation") / "pages.css").read_text(encoding="utf-8")
    return (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_RULES)}"><style>{style}</style>'
    )


def _index(folder: Path, suites: Sequence[Suite], findings: pa.Table) -> str:
    rows = findings.to_pylist()
    counts = {
        "errors": sum(row["severity"] == "error" for row in rows),
        "warnings": sum(row["severity"] == "warning" for row in rows),
        "evaluated": sum(len(suite.expected) for suite in suites),
    }
    template = (resources.files("copydesk.validation") / "index.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        head=_head(),
        judge=version("great-expectations"),
        **{name: f"{count:,}" for name, count in counts.items()},
        findings="\n".join(_finding_row(row) for row in rows) or '<tr><td colspan="4">None.</td></tr>',
        tables="\n".join(_table_row(folder, suite, table, rows) for suite in suites for table in suite.tables),
    )


def _finding_row(row: Mapping[str, Any]) -> str:
    cells = (row["severity"], row["suite"], row["table"], row["message"])
    return f'<tr class="{escape(row["severity"])}">' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _table_row(folder: Path, suite: Suite, table: str, rows: Sequence[Mapping[str, Any]]) -> str:
    page = next(iter(sorted((folder / "validations" / suite.name / table).rglob("*.html"))), None)
    where = f'<a href="{escape(page.relative_to(folder).as_posix())}">{escape(table)}</a>' if page else escape(table)
    judged = sum(one.table == table for one in suite.expected)
    found = sum(row["suite"] == suite.name and row["table"] == table for row in rows)
    return f"<tr><td>{escape(suite.name)}</td><td>{where}</td><td>{judged}</td><td>{found}</td></tr>"


def _put_in_place(temporary: Path, target: Path) -> None:
    """Exchange the old pages for the new; a crash between the two renames leaves no pages, and the next run makes them."""
    old = target.with_name(f"{TEMPORARY}old-{target.name}")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if target.exists():
            target.rename(old)
        temporary.rename(target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}", fix="check the folder's rights") from error
    shutil.rmtree(old, ignore_errors=True)

"""A row of a table or an object of JSON in, the entry that it is out: the common end of the tabular readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from copydesk.articles.columns import Resolved, resolve
from copydesk.articles.decoding import decode
from copydesk.articles.entry import At, Entry, Facts, from_text, line, refused
from copydesk.articles.html import read_html
from copydesk.articles.identity import source_of_row
from copydesk.articles.instants import instant
from copydesk.model.reading import Columns

_FORMS = ("html", "text")  # a page goes before a text that somebody made of it


def from_row(at: At, row: Mapping[str, Any], *, number: int, place: str) -> Entry:
    """Give the entry of one row, its columns found among the row's own names."""
    return from_resolved(at, row, _resolved(tuple(row), at.options.columns), number=number, place=place)


def from_resolved(at: At, row: Mapping[str, Any], found: Resolved, *, number: int, place: str) -> Entry:
    """Give the entry of one row whose columns are known."""
    values = {role: row.get(name) for role, name in found.by_role.items()}
    facts = facts_of(values)
    source = source_of_row(
        container=at.container, key=line(values.get("id")), stated=found.stated_id, url=facts.url, number=number
    )
    source, odd = _nameable(source)
    form, body = next(((form, values[form]) for form in _FORMS if values.get(form)), ("", None))
    if found.fault:
        return refused(at, number=number, place=place, reason="no-text-column", detail=found.fault)
    if odd:
        detail = "its id or URL has half a surrogate pair (fix: write it anew)"
        return refused(at, number=number, place=place, source=source, reason="lone-surrogate", detail=detail)
    if isinstance(body, bytes):
        return _from_bytes(at, body, form=form, source=source, number=number, place=place, facts=facts)
    if body is not None and not isinstance(body, str):
        what = f"{found.by_role[form]!r} holds {_kind(body)}, not text"
        detail = f"{what} (fix: correct the row, or name another column under [ingest.columns])"
        return refused(at, number=number, place=place, source=source, reason="not-text", detail=detail, facts=facts)
    form = "html" if form == "html" else ""
    return from_text(at, body or "", source=source, number=number, place=place, facts=facts, form=form)


def facts_of(values: Mapping[str, Any]) -> Facts:
    """Give what the columns of a row, by their roles, state beside the text."""
    return Facts(
        title=line(values.get("title")),
        authors=names_of(values.get("authors")),
        language=line(values.get("language")),
        url=line(values.get("url")),
        publisher=line(_named(values.get("publisher"))),
        published_at=instant(values.get("published_at")),
        licence=line(values.get("licence")),
    )


def names_of(value: Any) -> tuple[str, ...] | None:
    """Give the names of authors: of a list of names or of objects with a ``name``, or of one text, as it is written."""
    listed: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    names = [name for one in listed if (name := line(_named(one)))]
    return tuple(dict.fromkeys(names)) or None


def _named(value: Any) -> Any:
    return value.get("name") if isinstance(value, Mapping) else value


def _nameable(source: str) -> tuple[str, bool]:
    plain = source.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return plain, plain != source


def _from_bytes(at: At, body: bytes, *, form: str, source: str, number: int, place: str, facts: Facts) -> Entry:
    """Give the entry of a column of bytes: of a page, decoded as one."""
    decoded = read_html(body) if form == "html" else decode(body, declared=None)
    if decoded.reason:
        reason, detail = decoded.reason, decoded.detail
        return refused(
            at, number=number, place=place, source=source, reason=reason, detail=detail, raw=body, facts=facts
        )
    return from_text(at, decoded.text, source=source, number=number, place=place, facts=facts, form=form)


def _kind(value: Any) -> str:
    kinds = ((bool, "true or false"), (int | float, "a number"), (Mapping, "an object"), (list | tuple, "a list"))
    return next((name for kind, name in kinds if isinstance(value, kind)), f"a {type(value).__name__}")


@lru_cache(maxsize=64)
def _resolved(names: tuple[str, ...], columns: Columns) -> Resolved:
    return resolve(names, columns)

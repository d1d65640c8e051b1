"""A comparison of two versions as people read it: plain lines, JSON, and a page that stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from importlib import resources
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.compared import Compared, by_cause
from copydesk.datasets.load import read_published

CONTEXT = 60  # characters of text on either side of a changed span
_LAYERS = ("spans", "relations", "categories")


def summary(found: Compared) -> str:
    """One sentence on the documents."""
    counts = found.difference.as_json()["documents"]
    told = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items() if count)
    return f"Documents: {told}." if told else "The same documents, with the same texts and licences."


def lines(found: Compared, *, limit: int) -> Iterator[str]:
    """The comparison for a terminal: counts by label and cause, and the first changed labels with their text."""
    yield summary(found)
    counts = found.difference.as_json()
    for layer in _LAYERS:
        for label, row in counts[layer].items():
            yield f"{layer} {label}: " + ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in row.items())
    causes = by_cause(found.rows)
    if causes:
        yield "causes: " + ", ".join(f"{count} {cause}" for cause, count in causes.items())
    texts = _texts(found, found.rows.slice(0, limit))
    for row in found.rows.slice(0, limit).to_pylist():
        before, after = (_side(row, side, texts[side]) for side in ("old", "new"))
        yield f"{row['doc_id']} ({row['split']}) {row['layer']} {row['kind']}, {row['cause']}: {before} → {after}"
    if found.rows.num_rows > limit:
        yield f"… and {found.rows.num_rows - limit} more"


def as_json(found: Compared) -> dict[str, Any]:
    """The comparison for a program; every changed label is a row."""
    return {
        "old": str(found.old.version),
        "new": str(found.new.version),
        **found.difference.as_json(),
        "causes": by_cause(found.rows),
        "labels": found.rows.to_pylist(),
    }


def page(found: Compared, *, limit: int) -> str:
    """The comparison as one HTML page that loads nothing; all that comes from the data is escaped."""
    rows = found.rows.slice(0, limit)
    texts = _texts(found, rows)
    name = found.new.path.parent.name
    shown = f"{rows.num_rows} of {found.rows.num_rows}" if found.rows.num_rows > limit else f"{rows.num_rows}, all"
    template = Template(resources.files(__package__).joinpath("difference.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(f"{name} {found.old.version} → {found.new.version}"),
        summary=escape(summary(found)),
        counts=_counts(found),
        shown=shown,
        rows="\n".join(_row(row, texts) for row in rows.to_pylist()),
    )


def _counts(found: Compared) -> str:
    counted = found.difference.as_json()
    rows = [
        f"<tr><td>{layer}</td><td>{escape(label)}</td><td>{escape(', '.join(f'{n} {kind}' for kind, n in row.items()))}</td></tr>"
        for layer in _LAYERS
        for label, row in counted[layer].items()
    ]
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _row(row: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]) -> str:
    cells = [escape(row["doc_id"]), row["split"], f"{row['layer']} {row['kind']}"]
    told = "".join(f"<td>{cell}</td>" for cell in cells)
    sides = "".join(f'<td class="text" dir="auto">{_marked(row, side, texts[side])}</td>' for side in ("old", "new"))
    return f"<tr>{told}{sides}<td>{row['cause']}</td></tr>"


def _marked(row: Mapping[str, Any], side: str, texts: Mapping[str, str]) -> str:
    """One side of a change with its text around it, as HTML."""
    label = row[f"{side}_label"]
    if label is None:
        return "–"
    before, surface, after = _around(row, side, texts)
    tag = "del" if side == "old" else "ins"
    text = f"{escape(before)}<{tag}>{escape(surface)}</{tag}>{escape(after)} " if surface else ""
    return f"{text}<b>{escape(label)}</b>"


def _side(row: Mapping[str, Any], side: str, texts: Mapping[str, str]) -> str:
    label = row[f"{side}_label"]
    if label is None:
        return "nothing"
    before, surface, after = (" ".join(part.split("\n")) for part in _around(row, side, texts))
    return f"{label} {before}[{surface}]{after}" if surface else str(label)


def _around(row: Mapping[str, Any], side: str, texts: Mapping[str, str]) -> tuple[str, str, str]:
    start, end = row[f"{side}_start"], row[f"{side}_end"]
    text = texts.get(row["doc_id"], "")
    if start is None:
        return "", "", ""
    return text[max(0, start - CONTEXT) : start], text[start:end], text[end : end + CONTEXT]


def _texts(found: Compared, rows: pa.Table) -> dict[str, dict[str, str]]:
    """The texts of the documents of some rows, on either side."""
    wanted = pc.unique(rows["doc_id"])
    told = {}
    for side, release in (("old", found.old), ("new", found.new)):
        documents = read_published(release.path, "documents", columns=["doc_id", "text"])
        here = documents.filter(pc.is_in(documents["doc_id"], value_set=wanted))
        told[side] = dict(zip(here["doc_id"].to_pylist(), here["text"].to_pylist(), strict=True))
    return told

"""A labelling schema goes in, one HTML page comes out that shows it without a server: it asks for nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from copydesk.model.schema import LabelSchema
from copydesk.studio.interface import instructions, to_config

_STYLE = Path(__file__).with_name("preview.css")


def preview(schema: LabelSchema) -> str:
    """Make the page: labels with colours and keys, an example, relations, what may be said, guidelines and the XML."""
    parts = [
        f"<h1>{escape(schema.title)}</h1>",
        f"<p><code>{escape(schema.name)}</code> {escape(schema.version)}, overlap {escape(schema.overlap)}</p>",
        "<h2>Labels</h2>",
        _table(
            ("label", "key", "group", "definition"),
            (
                (_mark(one.name, one.colour), _key(one.hotkey), one.group, escape(one.definition))
                for one in schema.labels
            ),
        ),
        "<h2>As it looks in a text</h2>",
        f'<p class="sheet">{_example(schema)}</p>',
        *_more(schema),
        f'<h2>What annotators read</h2><div class="guidelines">{instructions(schema)}</div>',
        f"<details><summary>Labelling configuration (XML)</summary><pre>{escape(to_config(schema))}</pre></details>",
    ]
    head = f'<meta charset="utf-8"><title>{escape(schema.title)}</title><style>{_STYLE.read_text(encoding="utf-8")}</style>'
    safe = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}{safe}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"
    )


def _more(schema: LabelSchema) -> list[str]:
    parts = []
    if schema.relations:
        rows = (
            (escape(one.name), escape(", ".join(one.heads) or "any"), "↔" if one.symmetric else "→",
             escape(", ".join(one.tails) or "any"), escape(one.definition))
            for one in schema.relations
        )  # fmt: skip
        parts += ["<h2>Relations</h2>", _table(("relation", "from", "", "to", "definition"), rows)]
    for heading, said in (("Said of a span", schema.attributes), ("Said of the document", schema.categories)):
        rows = (
            (
                escape(one.name),
                escape(one.kind),
                escape(", ".join(one.labels) or "all"),
                _choices(one.choices),
                escape(one.definition),
            )
            for one in said
        )
        parts += (
            [f"<h2>{heading}</h2>", _table(("name", "kind", "labels", "choices", "definition"), rows)] if said else []
        )
    return parts


def _example(schema: LabelSchema) -> str:
    """One made-up sentence with a span of each label."""
    marked = (_mark(f"words that are {one.name}", one.colour) for one in schema.labels)
    return "An article with " + ", then ".join(marked) + ", and words that are not marked."


def _mark(text: str, colour: str) -> str:
    shade = escape(colour)
    return f'<mark style="background:{shade}40;border-bottom:3px solid {shade}">{escape(text)}</mark>'


def _key(key: str) -> str:
    return f"<kbd>{escape(key)}</kbd>" if key else ""


def _choices(choices: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{escape(name)} {_key(key)}".strip() for name, key in choices)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Put cells that are HTML already into a table."""
    lines = ["<table><tr>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join([*lines, "</table>"])

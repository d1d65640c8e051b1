"""The reference of the tables: Arrow schemas and what is said of their columns go in, a section for each table comes out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import pyarrow as pa

from copydesk.datasets.layout import ORDER, dictionary, meaning, schema_of
from copydesk.model.tables import TABLES, agreed, ingested, labels, quality, studio, tasks
from from_code.comments import Source
from from_code.markdown import code, prose, sentence, table
from from_code.meanings import MEANINGS

HEAD = ("column", "type", "meaning")


def published_tables() -> str:
    """Describe the tables of a published version, as their data card does."""
    parts = []
    for name in ORDER:
        schema = schema_of(name)
        assert schema is not None
        rows = [(code(one.name), _type(one), prose(meaning(name, one.name))) for one in schema]
        parts += [f"### {name}", sentence(dictionary()["tables"][name]["title"]), table(HEAD, rows)]
    return "\n\n".join(parts)


def working_tables() -> str:
    """Describe the tables of a workspace, each with what the code says of it."""
    parts = []
    known = dict(_said())
    for name, schema in TABLES.items():
        told, columns = known[name]
        rows = [(code(one.name), _type(one), prose(columns.get(one.name) or _usual(name, one.name))) for one in schema]
        parts += [f"### The table {name}", sentence(told), table(HEAD, rows)]
    return "\n\n".join(part for part in parts if part)


def _usual(table: str, column: str) -> str:
    """What a column means where the code has no comment beside it; one without a meaning is a KeyError."""
    ours = MEANINGS["columns"]
    found = ours.get(f"{table}.{column}") or ours.get(column) or dictionary()["columns"][column]
    return str(found).removesuffix(".")


def _said() -> Iterator[tuple[str, tuple[str, Mapping[str, str]]]]:
    for module in (ingested, tasks, studio, labels, agreed, quality):
        source = Source(module)
        for line in source.tree.body:
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                name = line.targets[0].id.lower()
                keywords = line.value.keywords if isinstance(line.value, ast.Call) else []
                columns = {one.arg: source.behind(one.value) for one in keywords if one.arg}
                yield name, (source.above(line), columns)


def _type(column: pa.Field) -> str:
    kind = column.type
    told = str(kind)
    if pa.types.is_list(kind):
        told = "list of structs" if pa.types.is_struct(kind.value_type) else f"list of {kind.value_type}"
    elif pa.types.is_timestamp(kind):
        told = "timestamp (UTC)"
    return f"{told}, or empty" if column.nullable else told

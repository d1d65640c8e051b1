"""How the schema of a table is written."""

from __future__ import annotations

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")
NAMES = pa.list_(pa.string())
ATTRIBUTES = pa.list_(
    pa.struct([pa.field("name", pa.string(), nullable=False), pa.field("value", pa.string(), nullable=False)])
)


def schema(**columns: pa.DataType | tuple[pa.DataType, None]) -> pa.Schema:
    """Columns by name; ``maybe(type)`` marks a column that may be empty."""
    return pa.schema(
        [
            pa.field(name, kind[0], nullable=True) if isinstance(kind, tuple) else pa.field(name, kind, nullable=False)
            for name, kind in columns.items()
        ]
    )


def maybe(kind: pa.DataType) -> tuple[pa.DataType, None]:
    """Mark a column that may be empty."""
    return (kind, None)

"""Every table by its name: the name of its schema, in small letters."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables import agreed, ingested, labels, quality, studio, tasks

TABLES: dict[str, pa.Schema] = {
    name.lower(): schema
    for theme in (ingested, tasks, studio, labels, agreed, quality)
    for name, schema in vars(theme).items()
    if isinstance(schema, pa.Schema)
}

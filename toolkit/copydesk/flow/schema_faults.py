"""The folder of a labelling schema goes in, all that is wrong in it comes out: schema, guidelines and names."""

from __future__ import annotations

import tomllib
from pathlib import Path

from copydesk.errors import SchemaError
from copydesk.model.guidelines import example_faults
from copydesk.model.schema import LabelSchema
from copydesk.model.schema_file import read_parts
from copydesk.store import read_text
from copydesk.tasks import check_rules, read_names


def schema_faults(folder: Path) -> list[str]:
    """Say everything that is wrong in a schema's folder, each with its file, its place and the fix; nothing where all is well.

    Guidelines and names are held against the schema, so they are looked at once it can be read. Raises ConfigError where a file
    cannot be read at all.
    """
    try:
        data = tomllib.loads(read_text(folder / "schema.toml"))
    except tomllib.TOMLDecodeError as error:
        return [f"schema.toml cannot be read: {error} (fix: correct it; it must be TOML)"]
    parts, wrong = read_parts(data)
    if wrong:
        return [f"schema.toml: {fault}" for fault in wrong]
    guidelines = read_text(folder / "guidelines.md", missing="")
    schema = LabelSchema(**parts, guidelines=guidelines)
    faults = [f"guidelines.md: {fault}" for fault in example_faults(guidelines, schema)]
    try:
        check_rules(schema)
        read_names(read_text(folder / "names.tsv", missing=""), place="names.tsv", schema=schema)
    except SchemaError as error:
        faults.append(f"{error}")
    return faults

"""The keys of the labels that annotators press: a schema that ships goes in, a table comes out."""

from __future__ import annotations

import tomllib
from pathlib import Path

from copydesk.model.schema import LabelSchema
from from_code.markdown import code, prose, table

SCHEMA = Path(__file__).parents[2] / "schemas" / "news-entities" / "schema.toml"


def label_keys() -> str:
    """Tell which key sets which label, and what it is for."""
    schema = LabelSchema.read(tomllib.loads(SCHEMA.read_text(encoding="utf-8")), place=SCHEMA.name)
    rows = ((code(one.hotkey), one.name, prose(one.definition)) for one in schema.labels)
    return table(("key", "label", "mark"), rows)

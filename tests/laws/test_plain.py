"""A labelling schema to plain JSON and back is the same schema."""

import json
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from copydesk.model.plain import from_plain
from copydesk.model.schema import LabelSchema

SCHEMAS = sorted((Path(__file__).parents[2] / "schemas").glob("*/schema.toml"))


@pytest.mark.parametrize("path", SCHEMAS, ids=[path.parent.name for path in SCHEMAS])
def test_a_schema_comes_back_as_it_was(path):
    schema = LabelSchema.read(tomllib.loads(path.read_text()), place=str(path), guidelines="# Mark names 🚢\n")
    assert from_plain(LabelSchema, json.loads(json.dumps(asdict(schema)))) == schema


def test_what_is_no_such_value_is_refused():
    with pytest.raises(KeyError):
        from_plain(LabelSchema, {"name": "x"})

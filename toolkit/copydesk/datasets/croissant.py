"""A version's description in Croissant 1.1: its content and its files' digests go in, ``croissant.json`` comes out.

Every table's file is a FileObject with its SHA-256, and its rows are a RecordSet whose fields are the columns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pyarrow as pa

from copydesk.datasets.content import Content
from copydesk.datasets.layout import ORDER, dictionary, meaning

_CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
_PARQUET = "application/x-parquet"
_DATA_TYPES = {
    "string": "sc:Text",
    "int32": "sc:Integer",
    "int64": "sc:Integer",
    "double": "sc:Float",
    "timestamp[us, tz=UTC]": "sc:DateTime",
}
_JUDGES = ("annotator", "annotators")  # the columns that name who gave the label of a row
_SPLITS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}

Json = dict[str, Any]


def croissant(
    content: Content, *, version: str, sizes: Mapping[str, int], digests: Mapping[str, str], created: str
) -> Json:
    """Describe a version; ``sizes`` are the bytes and ``digests`` the SHA-256 of each table's file, ``created`` may be empty."""
    about = content.about
    return {
        "@context": json.loads(resources.files(__package__).joinpath("croissant-context.json").read_text("utf-8")),
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": about.name,
        "description": about.summary,
        "version": version,
        "license": about.licence,
        "inLanguage": list(about.language),
        "isLiveDataset": False,
        **({"datePublished": created} if created else {}),
        "distribution": [_file_object(path, sizes[path], digests[path]) for path, *_ in content.files],
        "recordSet": [
            _splits(list(content.parts)),
            *(_record_set(path, name, split, table.schema) for path, name, split, table in content.files),
        ],
    }


def _file_object(path: str, size: int, digest: str) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": _PARQUET,
        "sha256": digest,
    }


def _splits(splits: list[str]) -> Json:
    fields = [
        {"@type": "cr:Field", "@id": "splits/name", "dataType": "sc:Text"},
        {"@type": "cr:Field", "@id": "splits/url", "dataType": ["sc:URL", "cr:Split"]},
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": fields,
        "data": [{"splits/name": split, "splits/url": _SPLITS[split]} for split in splits],
    }


def _record_set(path: str, table: str, split: str, schema: pa.Schema) -> Json:
    name = f"{table}/{split}"
    of_split = {
        "@type": "cr:Field",
        "@id": f"{name}#split",
        "dataType": "sc:Text",
        "references": {"field": {"@id": "splits/name"}},
        "value": split,
    }
    judges = [
        _attributed(f"{name}#attributed-to", column, path, schema) for column in _JUDGES if column in schema.names
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "description": f"{dictionary()['tables'][table]['title']}.",
        "key": [{"@id": f"{name}/{column}"} for column in ORDER[table]],
        "annotation": [of_split, *judges],
        "field": [
            field_of(f"{name}/{column.name}", column.type, _source(path, column.name))
            | {"description": meaning(table, column.name)}
            for column in schema
        ],
    }


def _attributed(name: str, column: str, path: str, schema: pa.Schema) -> Json:
    """Say that each row is the judgement of the people whom a column names."""
    people = {"dataType": ["sc:Text", "prov:Person"], "equivalentProperty": "prov:wasAttributedTo"}
    return field_of(name, schema.field(column).type, _source(path, column)) | people


def field_of(name: str, kind: pa.DataType, source: Json) -> Json:
    """Describe a column of this type, or a part of one. A list of structs within a struct is left out.

    Readers follow a path one level down only, and what lies deeper is in the flat tables, too.
    """
    field: Json = {"@type": "cr:Field", "@id": name}
    if pa.types.is_list(kind):
        return field_of(name, kind.value_type, source) | {"isArray": True}
    if not pa.types.is_struct(kind):
        return field | {"dataType": _DATA_TYPES[str(kind)], "source": source}
    parts = [kind.field(i) for i in range(kind.num_fields)]
    return field | {
        "subField": [
            field_of(f"{name}/{part.name}", part.type, source | {"transform": {"jsonPath": part.name}})
            for part in parts
            if not pa.types.is_nested(part.type)
        ]
    }


def _source(path: str, column: str) -> Json:
    return {"fileObject": {"@id": path}, "extract": {"column": column}}

"""Documents with agreed labels go in, tasks with an annotation each come out, as Label Studio imports them from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from copydesk.model.schema import LabelSchema
from copydesk.studio.codec import category_items, to_result
from copydesk.studio.push import task_data

Row = Mapping[str, Any]


def labelled_task(
    document: Row, *, spans: Sequence[Row], relations: Iterable[Row], categories: Iterable[Row], schema: LabelSchema
) -> dict[str, Any]:
    """Make the task of a document (its id, revision, digest, title and text), with one annotation that says what is agreed of it."""
    said = category_items(((one["name"], one["value"]) for one in categories), schema)
    result = to_result(spans, relations, schema) + said
    return {"data": task_data(document, document["text"]), "annotations": [{"result": result}]}

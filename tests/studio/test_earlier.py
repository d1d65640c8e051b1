"""What suggestions are sent with beside their label."""

from __future__ import annotations

from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_tuples
from copydesk.studio.earlier import Earlier
from copydesk.studio.suggested import Suggested


def test_a_suggested_date_is_sent_with_its_value(schema: LabelSchema) -> None:
    spans = from_tuples("suggestions", [(doc_id, 0, 6, "Friday", "DATE", "date", 0.9, []) for doc_id in "ab"])
    suggested = Suggested(spans, values={("a", 0, 6, "DATE"): [{"name": "timex", "value": "2017"}]})
    results = Earlier(schema=schema).results(suggested)
    region, value = results["a"]
    assert (value["id"], value["from_name"], value["type"]) == (region["id"], "timex", "textarea")
    assert value["value"] == {"start": 0, "end": 6, "text": ["2017"]}
    assert value["origin"] == "prediction"
    assert len(results["b"]) == 1

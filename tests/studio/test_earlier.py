"""What suggestions are sent with beside their label."""

from __future__ import annotations

from copydesk.model.schema import LabelSchema
from copydesk.studio.earlier import Earlier


def test_a_suggested_date_is_sent_with_its_value(schema: LabelSchema) -> None:
    span = {"start": 0, "end": 6, "surface": "Friday", "label": "DATE", "origin": "prediction"}
    earlier = Earlier(schema=schema, values={("a", 0, 6, "DATE"): [{"name": "timex", "value": "2017"}]})
    region, value = earlier.results({"a": [span]})["a"]
    assert (value["id"], value["from_name"], value["type"]) == (region["id"], "timex", "textarea")
    assert value["value"] == {"start": 0, "end": 6, "text": ["2017"]}
    assert value["origin"] == "prediction"
    assert len(earlier.results({"b": [span]})["b"]) == 1

from __future__ import annotations

import pytest

from copydesk.errors import SchemaError
from copydesk.model.schema import LabelSchema
from copydesk.suggestions import Name, read_names


def test_a_list_of_names_is_read_with_comments_and_blank_lines_left_out(schema: LabelSchema) -> None:
    text = "\ufeff# names\n\nQaim\tPLACE\tQ1\n  al-Qaim \tPLACE\tQ1\r\n"
    assert read_names(text, place="names.tsv", schema=schema) == (
        Name("Qaim", "PLACE", "Q1"),
        Name("al-Qaim", "PLACE", "Q1"),
    )


def test_surfaces_are_brought_into_the_form_of_documents(schema: LabelSchema) -> None:
    assert read_names("Alepp\u006f\u0301\tPLACE\tx", place="n", schema=schema)[0].surface == "Aleppó"


def test_every_wrong_line_is_named_with_its_fix(schema: LabelSchema) -> None:
    text = "Qaim\tPLACE\nX\tNOPE\tq\nA\tPLACE\tq\nA\tGROUP\tq\n--\tPLACE\tq\n\tPLACE\tq\n"
    with pytest.raises(SchemaError) as caught:
        read_names(text, place="schemas/s/names.tsv", schema=schema)
    message = str(caught.value)
    assert message.startswith("schemas/s/names.tsv: ")
    for part in (
        "2 fields, 0 empty (fix: surface TAB label TAB canonical) @ line 1",
        "unknown label 'NOPE' (fix: one of DATE, NUMBER, RESIDUE, PLACE, GROUP) @ line 2",
        "'A' stands twice (fix: keep one of the lines) @ line 4",
        "'--' holds no letter or digit (fix: remove the line) @ line 5",
        "3 fields, 1 empty (fix: surface TAB label TAB canonical) @ line 6",
    ):
        assert part in message

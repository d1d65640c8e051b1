"""What annotators marked as residue becomes rules that hold, with honest support."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pyarrow as pa
import pytest

from copydesk.documents.suggest_rules import Suggested, is_known, pattern_of, suggest_rules, to_toml

LINE = "Stay with the Courier on page 7"


def _documents(*texts: str, publisher: str = "Courier") -> pa.Table:
    rows = [
        {"doc_id": f"d{n}", "text": text, "publisher": f"{publisher} {n % 2}", "url": None}
        for n, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows)


def _spans(*marked: tuple[str, str]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"doc_id": doc_id, "label": "RESIDUE", "surface": surface} for doc_id, surface in marked]
    )


def _suggest(documents: pa.Table, spans: pa.Table, **options: Any) -> list[Suggested]:
    return suggest_rules(spans, documents, label="RESIDUE", **options)


def test_lines_that_differ_in_numbers_alone_are_one_rule_with_its_support() -> None:
    documents = _documents(f"A\n\n{LINE}", f"B\n\n{LINE[:-1]}12", "C")
    [rule] = _suggest(documents, _spans(("d0", LINE), ("d1", f"{LINE[:-1]}12")))
    assert re.fullmatch(rule.pattern, "Stay with the Courier on page 3")
    assert (rule.documents, rule.sources, rule.unmarked) == (2, 2, 0)


def test_a_line_that_readers_left_unmarked_speaks_against_its_rule() -> None:
    documents = _documents(LINE, LINE, f"The end.\n\n{LINE[:-1]}9\n\nMore.")
    [rule] = _suggest(documents, _spans(("d0", LINE), ("d1", LINE)))
    assert (rule.unmarked, rule.counter_examples) == (1, ("Stay with the Courier on page 9",))


def test_what_a_rule_finds_already_and_what_one_document_has_are_not_suggested() -> None:
    documents = _documents(f"Advertisement\n\n{LINE}", "Advertisement")
    spans = _spans(("d0", "Advertisement"), ("d1", "Advertisement"), ("d0", LINE))
    assert _suggest(documents, spans) == []
    assert len(_suggest(documents, spans, fewest=1)) == 1


def test_each_line_of_a_span_is_a_line_of_its_own_and_other_labels_are_none_of_it() -> None:
    documents = _documents("x", "x")
    spans = pa.concat_tables([
        _spans(("d0", f"{LINE}\nThe Courier desk wishes well"), ("d1", f"{LINE}\n\nThe Courier desk wishes well")),
        pa.Table.from_pylist([{"doc_id": name, "label": "PERSON", "surface": "Jane Doe"} for name in ("d0", "d1")]),
    ])  # fmt: skip
    assert len(_suggest(documents, spans)) == 2


@pytest.mark.parametrize(
    ("line", "like", "unlike"),
    [
        ("Don't stop (here) [3]", "Don’t stop (here) [12]", "Don't stop here 3"),
        ("Printed on Nov. 3, 2017", "Printed on May 12, 2018", "Printed on paper 3, 2017"),
        ("Printed 3 November 2017", "Printed 4 May 2020", "Printed November"),
        ("a.b*c", "a.b*c", "aXbc"),
    ],
)
def test_a_pattern_is_literal_but_for_what_changes(line: str, like: str, unlike: str) -> None:
    assert re.fullmatch(pattern_of(line), like, re.IGNORECASE)
    assert not re.fullmatch(pattern_of(line), unlike, re.IGNORECASE)


def test_the_text_of_the_rules_is_toml_whose_rules_match_their_examples() -> None:
    documents = _documents(LINE, LINE, "It's \"3\" o'clock\\", "It's \"4\" o'clock\\")
    spans = _spans(("d0", LINE), ("d1", LINE), ("d2", "It's \"3\" o'clock\\"), ("d3", "It's \"4\" o'clock\\"))
    written = tomllib.loads(to_toml(_suggest(documents, spans)))["boilerplate"]
    assert len(written) == 2
    for rule in written:
        pattern = re.compile(rule["pattern"], re.IGNORECASE)
        assert all(pattern.fullmatch(text) for text in rule["yes"])
        assert not any(pattern.fullmatch(text) for text in rule["no"])
    assert not is_known(LINE)

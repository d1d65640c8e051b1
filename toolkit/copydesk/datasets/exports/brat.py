"""brat's standoff: a text and its annotations for each document, with the configuration that brat shows them by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from copydesk.datasets.exports.corpus import Corpus, Labelled
from copydesk.datasets.exports.report import Made, Tally
from copydesk.model.schema import LabelSchema

_BREAK = re.compile("[\n\t]+")  # a span goes on over these in fragments: brat's file is lines of columns
_PLAIN = re.compile(r"\S+")


def write_brat(corpus: Corpus, place: Path) -> Made:
    """Write ``SPLIT/DOCUMENT.txt`` and ``.ann``, and ``annotation.conf``.

    An attribute whose value brat can hold (one value, without white space) is an attribute there; any other is a note that says
    ``name="value"``, the value as JSON.
    """
    tally = Tally()
    (place / "annotation.conf").write_text(_configuration(corpus.schema), encoding="utf-8")
    for split in corpus.splits:
        (place / split).mkdir()
        for document in corpus.documents(split):
            path = place / split / document.file_name
            path.with_suffix(".txt").write_bytes(document.text.encode())
            lines = "".join(f"{line}\n" for line in _lines(document))
            path.with_suffix(".ann").write_bytes(lines.encode())
            attributes = sum(len(one["attributes"]) for one in document.spans)
            tally.add(documents=1, spans=len(document.spans), relations=len(document.relations), attributes=attributes)
    return tally.made()


def _lines(document: Labelled) -> Iterator[str]:
    names: dict[str, str] = {}
    for number, span in enumerate(document.spans, 1):
        names[span["span_id"]] = f"T{number}"
        places = list(_fragments(document.text, span["start"], span["end"]))
        offsets = ";".join(f"{start} {end}" for start, end in places)
        surface = " ".join(document.text[start:end] for start, end in places)
        yield f"T{number}\t{span['label']} {offsets}\t{surface}"
    for number, one in enumerate(document.relations, 1):
        head, tail = names[one["head_span_id"]], names[one["tail_span_id"]]
        yield f"R{number}\t{one['label']} Arg1:{head} Arg2:{tail}"
    attributes = notes = 0
    for span in document.spans:
        given = [one["name"] for one in span["attributes"]]
        for one in span["attributes"]:
            if given.count(one["name"]) == 1 and _PLAIN.fullmatch(one["value"]):
                attributes += 1
                yield f"A{attributes}\t{one['name']} {names[span['span_id']]} {one['value']}"
            else:
                notes += 1
                value = json.dumps(one["value"], ensure_ascii=False)
                yield f"#{notes}\tAnnotatorNotes {names[span['span_id']]}\t{one['name']}={value}"


def _fragments(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for found in _BREAK.finditer(text, start, end):
        if found.start() > at:
            yield at, found.start()
        at = found.end()
    if at < end:
        yield at, end


def _configuration(schema: LabelSchema) -> str:
    """``annotation.conf``; spans may overlap in every way."""
    relations = [
        f"{one.name}\tArg1:{'|'.join(one.heads) or '<ENTITY>'}, Arg2:{'|'.join(one.tails) or '<ENTITY>'}"
        for one in schema.relations
    ]
    attributes = [
        f"{one.name}\tArg:{'|'.join(one.labels) or '<ENTITY>'}, Value:{'|'.join(choice for choice, _ in one.choices)}"
        for one in schema.attributes
        if one.choices and all(_PLAIN.fullmatch(choice) for choice, _ in one.choices)
    ]
    overlap = "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>"
    sections: Mapping[str, list[str]] = {
        "entities": list(schema.label_names),
        "relations": [overlap, *relations],
        "events": [],
        "attributes": attributes,
    }
    return "\n".join(line for name, lines in sections.items() for line in (f"[{name}]", *lines, ""))

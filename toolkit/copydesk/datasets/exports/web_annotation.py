"""W3C Web Annotation (JSON-LD): an annotation for each span, relation and classified document, a collection for each split.

Positions are code points, as the standard's section on the Text Position Selector asks for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from copydesk.datasets.exports.corpus import Corpus, Labelled, Row
from copydesk.datasets.exports.report import Made, Tally

_CONTEXT = "http://www.w3.org/ns/anno.jsonld"
_AROUND = 32  # code points that are quoted on either side of a span


def write_web_annotations(corpus: Corpus, place: Path) -> Made:
    """Write ``SPLIT.jsonld``, and ``texts/DOCUMENT.txt`` that its annotations point into.

    Of a corpus without texts, they point into what the digest names (RFC 6920: ``ni:///sha-256;…``), and quote nothing.
    """
    tally = Tally()
    if corpus.has_text:
        (place / "texts").mkdir()
    for split in corpus.splits:
        with (place / f"{split}.jsonld").open("w", encoding="utf-8", newline="\n") as file:
            total = 0
            file.write(f'{{"@context": "{_CONTEXT}", "id": "{split}.jsonld", "type": "AnnotationCollection",\n')
            file.write(f' "label": {json.dumps(f"{corpus.name} {corpus.version}, {split}")},\n')
            file.write(f' "first": {{"id": "{split}.jsonld#page", "type": "AnnotationPage", "items": [')
            for total, one in enumerate(_items(corpus, split, place, tally), 1):
                file.write((",\n" if total > 1 else "\n") + json.dumps(one, ensure_ascii=False))
            file.write(f'\n]}},\n "total": {total}}}\n')
    return tally.made()


def _items(corpus: Corpus, split: str, place: Path, tally: Tally) -> Iterator[dict[str, Any]]:
    """Give the annotations of a split, and write the texts that they point into."""
    for document in corpus.documents(split):
        if corpus.has_text:
            (place / _text_file(document)).write_bytes(document.text.encode())
        attributes = sum(len(one["attributes"]) for one in document.spans)
        tally.add(documents=1, spans=len(document.spans), relations=len(document.relations))
        tally.add(attributes=attributes, categories=len(document.categories))
        yield from _annotations(document, has_text=corpus.has_text)


def _text_file(document: Labelled) -> str:
    return f"texts/{document.file_name}.txt"


def _annotations(document: Labelled, *, has_text: bool) -> Iterator[dict[str, Any]]:
    source: dict[str, Any] = {"id": _text_file(document) if has_text else _named(document.row["text_sha256"])}
    source |= {"type": "Text", "format": "text/plain"}
    target: dict[str, Any] = {"type": "SpecificResource", "source": source}
    target |= {"scope": document.row["url"]} if document.row["url"] else {}
    if document.categories:
        yield {
            "id": _address("document", document.doc_id),
            "type": "Annotation",
            "motivation": "describing",
            "body": [_described(one) for one in document.categories],
            "target": target,
        }
    for span in document.spans:
        selectors = [{"type": "TextPositionSelector", "start": span["start"], "end": span["end"]}]
        selectors += [_quoted(document.text, span)] if has_text else []
        yield {
            "id": _address("span", span["span_id"]),
            "type": "Annotation",
            "motivation": "classifying",
            "body": [_class(span["label"]), *map(_described, span["attributes"])],
            "target": target | {"selector": selectors},
        }
    for one in document.relations:
        tail = {
            "type": "SpecificResource",
            "purpose": "linking",
            "source": _address("span", one["tail_span_id"]),
        }
        yield {
            "id": _address("relation", one["relation_id"]),
            "type": "Annotation",
            "motivation": "linking",
            "body": [_class(one["label"]), tail],
            "target": _address("span", one["head_span_id"]),
        }


def _class(label: str) -> dict[str, str]:
    return {"type": "TextualBody", "purpose": "classifying", "value": label}


def _described(said: Row) -> dict[str, str]:
    return {"type": "TextualBody", "purpose": "describing", "value": f"{said['name']}={said['value']}"}


def _quoted(text: str, span: Row) -> dict[str, Any]:
    start, end = span["start"], span["end"]
    return {
        "type": "TextQuoteSelector",
        "exact": text[start:end],
        "prefix": text[max(0, start - _AROUND) : start],
        "suffix": text[end : end + _AROUND],
    }


def _address(kind: str, name: str) -> str:
    return f"#{kind}-{quote(name, safe='')}"


def _named(sha256: str) -> str:
    """The name of what has this digest, as RFC 6920 writes it."""
    return "ni:///sha-256;" + base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")

"""Texts whose spans are known go in, what a suggester learns from comes out: the seeds of the project, and re3d and GUM's news.

The latter two are no part of the project; they are read from ``../shared/data``.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from copydesk.documents.read import read_document
from copydesk.model.document import doc_id_of, text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import empty, from_rows
from copydesk.suggestions import Known

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
HOTKEYS = "1234567890qwertyiopasdfgjkvbn"
_ENTITY = re.compile(r"\((?P<number>\d+)-(?P<label>[a-z]+)[^()]*(?P<whole>\))?|(?P<closed>\d+)\)")


@dataclass(frozen=True, slots=True)
class Gold:
    """A text, the spans that are right in it, and its zones: start, end, and label or kind. Spans may be nested."""

    doc_id: str
    text: str
    spans: tuple[tuple[int, int, str], ...]
    zones: tuple[tuple[int, int, str], ...]


def read_seeds(folder: Path = ROOT / "seeds") -> list[Gold]:
    """Read the demo's articles, and what its first annotator marks in them."""
    with (folder / "annotators/first.toml").open("rb") as file:
        judged = {name: one for name, one in tomllib.load(file).items() if isinstance(one, dict)}
    golds = []
    for name, one in sorted(judged.items()):
        form = "html" if name.endswith(".html") else "text"
        article = _decoded((folder / name).read_bytes())
        made = read_document(article, format=form, doc_id=name, recipe="gold", max_chars=100_000).document
        assert made is not None, name
        quotes = [(span["quote"], span.get("occurrence", 1), span["label"]) for span in one["spans"]]
        spans = sorted({(*_place(made.text, quote, occurrence), label) for quote, occurrence, label in quotes})
        zones = tuple((zone.start, zone.end, zone.kind) for zone in made.zones)
        golds.append(Gold(doc_id_of(name), made.text, tuple(spans), zones))
    return golds


def read_re3d(folder: Path = DATA / "re3d") -> list[Gold]:
    """Read the 75 documents of re3d, and those of their spans that are where they say they are."""
    golds = []
    for source in sorted(path.parent for path in folder.glob("*/documents.json")):
        texts = {row["_id"]: row["text"] for row in _rows(source / "documents.json")}
        spans: dict[str, set[tuple[int, int, str]]] = {doc_id: set() for doc_id in texts}
        for row in _rows(source / "entities.json"):
            doc_id, start, end = row["documentId"], row["begin"], row["end"]
            if texts.get(doc_id, "")[start:end] == row["value"].strip() != "":
                spans[doc_id].add((start, end, row["type"]))
        golds += [_of_lines(doc_id_of(doc_id), texts[doc_id], spans[doc_id]) for doc_id in sorted(texts)]
    return golds


def read_gum(folder: Path = DATA / "gum-wikinews") -> list[Gold]:
    """Read the news of GUM: every mention of an entity, names or not, nested; a paragraph is a line."""
    golds = []
    for path in sorted((folder / "conllu").glob("*.conllu")):
        text, spans, begun = "", [], []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# newpar") and text:
                text = text.rstrip() + "\n"
            columns = line.split("\t")
            if len(columns) != 10 or not columns[0].isdigit():
                continue
            start, text = len(text), text + columns[1]
            entity = re.search(r"Entity=([^|]*)", columns[9])
            for one in _ENTITY.finditer(entity[1] if entity else ""):
                if one["label"]:
                    begun.append((one["number"], start, one["label"]))
                number = one["number"] if one["whole"] else one["closed"]
                if number:
                    at = max(at for at, (name, _, _) in enumerate(begun) if name == number)
                    _, first, label = begun.pop(at)
                    spans.append((first, len(text), label))
            text += "" if "SpaceAfter=No" in columns[9] else " "
        golds.append(_of_lines(doc_id_of(path.stem), text, spans))
    return golds


def schema_of(golds: Iterable[Gold]) -> LabelSchema:
    """Give a schema with the labels that occur."""
    labels = sorted({label for gold in golds for _, _, label in gold.spans})
    data = {
        "name": "gold",
        "version": "1",
        "title": "Gold",
        "labels": [
            {"name": label, "definition": label, "hotkey": key, "colour": "#000000"}
            for label, key in zip(labels, HOTKEYS, strict=False)
        ],
    }
    return LabelSchema.read(data, place="gold")


def documents_of(golds: Sequence[Gold]) -> pa.Table:
    """Give them as rows of ``documents``."""
    left = dict.fromkeys(("title", "authors", "language", "url", "publisher", "published_at", "licence"))
    rows = [
        {
            **left,
            "doc_id": gold.doc_id,
            "revision": 1,
            "text_sha256": text_sha256(gold.text),
            "source": gold.doc_id,
            "raw_sha256": "",
            "recipe": "gold",
            "text": gold.text,
        }
        for gold in golds
    ]
    return from_rows("documents", rows)


def zones_of(golds: Sequence[Gold]) -> pa.Table:
    """Give their zones as rows of ``zones``."""
    left = {"revision": 1, "rule": "gold", "speaker_start": None, "speaker_end": None}
    rows = [
        {**left, "doc_id": gold.doc_id, "seq": seq, "start": start, "end": end, "kind": kind}
        for gold in golds
        for seq, (start, end, kind) in enumerate(gold.zones)
    ]
    return from_rows("zones", rows)


def known_of(golds: Sequence[Gold]) -> Known:
    """Give all that people would have agreed on, had they labelled these documents as the gold says."""
    one_reader = {"votes": 1, "readers": 1, "annotators": ["gold"], "annotation_ids": ["1"], "attributes": []}
    decided = {"decided": "single", "posterior": None, "method": "vote", "revision": 1}
    rows = [
        {
            **one_reader,
            **decided,
            "span_id": f"{gold.doc_id}:{start}:{end}:{label}",
            "doc_id": gold.doc_id,
            "text_sha256": text_sha256(gold.text),
            "start": start,
            "end": end,
            "surface": gold.text[start:end],
            "label": label,
        }
        for gold in golds
        for start, end, label in gold.spans
    ]
    return Known(
        documents_of(golds),
        zones_of(golds),
        from_rows("agreed_spans", rows),
        empty("agreed_relations"),
        empty("agreed_categories"),
        empty("copies"),
    )


def _of_lines(doc_id: str, text: str, spans: Iterable[tuple[int, int, str]]) -> Gold:
    lines = tuple((*line.span(), "paragraph") for line in re.finditer(r"[^\n]+", text))
    return Gold(doc_id, text, tuple(sorted(set(spans))), lines)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("windows-1252")  # as old pages are


def _place(text: str, quote: str, occurrence: int) -> tuple[int, int]:
    return list(re.finditer(re.escape(quote), text))[occurrence - 1].span()


def _rows(path: Path) -> Iterator[dict[str, object]]:
    return (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())

"""Reads each format back with a reader that is not ours, and gives what it says in one form: the spans of each document.

Where no such reader is kept up (brat, Web Annotation), the reader here is as strict as the format's own description.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

Place = tuple[int, int, str]
Spans = dict[str, list[Place]]
Relations = dict[str, list[tuple[Place, Place, str]]]


def said(corpus: Any, split: str) -> tuple[Spans, Relations]:
    """What the published tables say."""
    spans: Spans = {doc_id: [] for doc_id in corpus.read(split, "documents")["doc_id"].to_pylist()}
    relations: Relations = {doc_id: [] for doc_id in spans}
    by_id = {}
    for row in corpus.read(split, "spans").to_pylist():
        by_id[row["span_id"]] = row["start"], row["end"], row["label"]
        spans[row["doc_id"]].append(by_id[row["span_id"]])
    for row in corpus.read(split, "relations").to_pylist():
        relations[row["doc_id"]].append((by_id[row["head_span_id"]], by_id[row["tail_span_id"]], row["label"]))
    return sorted_in(spans), sorted_in(relations)


def sorted_in(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {doc_id: sorted(rows) for doc_id, rows in found.items()}


def left_out(folder: Path, split: str) -> Spans:
    """What the export says that it left out."""
    found: Spans = defaultdict(list)
    file = folder / "left-out.jsonl"
    for line in file.read_text().split("\n")[:-1] if file.exists() else ():
        row = json.loads(line)
        if row["kind"] == "span" and row["split"] == split:
            found[row["doc_id"]].append((row["start"], row["end"], row["label"]))
    return found


def conll(folder: Path, split: str, texts: dict[str, str]) -> Spans:
    """CoNLL-2003 by spaCy's converter; words are found in the text one after the other."""
    from spacy.training.converters import conll_ner_to_docs

    lines = (folder / f"{split}.conll").read_bytes().decode()
    ids = (folder / f"{split}.documents.txt").read_text().split()
    assert ids == list(texts)
    found: Spans = {}
    if not ids:
        return found  # which the converter takes no file of
    for doc_id, doc in zip(ids, conll_ner_to_docs(lines, n_sents=0, no_print=True), strict=True):
        places = []
        at = 0
        for token in doc:
            start = texts[doc_id].index(token.text, at)
            at = start + len(token.text)
            places.append((start, at))
        found[doc_id] = [(places[one.start][0], places[one.end - 1][1], one.label_) for one in doc.ents]
    return sorted_in(found)


def tags(folder: Path, split: str, texts: dict[str, str]) -> Spans:
    """BIO or BILOU as JSON Lines, the tags by spaCy."""
    from spacy.training.iob_utils import iob_to_biluo, tags_to_entities

    found: Spans = {doc_id: [] for doc_id in texts}
    for line in (folder / f"{split}.jsonl").read_bytes().decode().split("\n")[:-1]:
        row = json.loads(line)
        places = list(zip(row["starts"], row["ends"], strict=True))
        assert [texts[row["doc_id"]][start:end] for start, end in places] == row["tokens"]
        bilou = row["tags"] if "bilou" in folder.name else iob_to_biluo(row["tags"])
        for label, first, last in tags_to_entities(bilou):
            found[row["doc_id"]].append((places[first][0], places[last][1], label))
    return sorted_in(found)


def docbin(folder: Path, split: str, texts: dict[str, str]) -> tuple[Spans, Relations]:
    """DocBin by spaCy."""
    import spacy
    from spacy.tokens import DocBin

    spans: Spans = {}
    relations: Relations = {}
    for doc in DocBin().from_disk(folder / f"{split}.spacy").get_docs(spacy.blank("en").vocab):
        doc_id = doc.user_data["doc_id"]
        assert doc.text == texts[doc_id]
        by_id = {one.id_: (one.start_char, one.end_char, one.label_) for one in doc.spans["sc"]}
        spans[doc_id] = list(by_id.values())
        assert {(one.start_char, one.end_char, one.label_) for one in doc.ents} <= set(by_id.values())
        relations[doc_id] = [
            (by_id[one["head_span_id"]], by_id[one["tail_span_id"]], one["label"]) for one in doc.user_data["relations"]
        ]
    return sorted_in(spans), sorted_in(relations)


_TEXT_BOUND = re.compile(r"(T\d+)\t(\w+) (\d+ \d+(?:;\d+ \d+)*)\t([^\n\t]+)")
_RELATION = re.compile(r"(R\d+)\t(\w+) Arg1:(T\d+) Arg2:(T\d+)")
_ATTRIBUTE = re.compile(r"(A\d+)\t(\w+) (T\d+) (\S+)")
_NOTE = re.compile(r"(#\d+)\tAnnotatorNotes (T\d+)\t(\w+)=(.+)")


def brat(folder: Path, split: str, texts: dict[str, str]) -> tuple[Spans, Relations, dict[str, list[Any]]]:
    """brat's standoff: every line is one of the four kinds, ids are given once, and fragments say the text's own words."""
    spans: Spans = {}
    relations: Relations = {}
    attributes: dict[str, list[Any]] = {}
    for file in sorted((folder / split).glob("*.ann")):
        doc_id = file.stem
        text = file.with_suffix(".txt").read_bytes().decode()
        assert text == texts[doc_id]
        names: dict[str, Place] = {}
        spans[doc_id], relations[doc_id], attributes[doc_id] = [], [], []
        lines = file.read_bytes().decode().split("\n")[:-1]
        ids = [line.partition("\t")[0] for line in lines]
        assert len(set(ids)) == len(ids)
        for line in lines:
            if found := _TEXT_BOUND.fullmatch(line):
                places = [tuple(map(int, one.split())) for one in found[3].split(";")]
                assert found[4] == " ".join(text[start:end] for start, end in places)
                names[found[1]] = places[0][0], places[-1][1], found[2]
                spans[doc_id].append(names[found[1]])
            elif found := _RELATION.fullmatch(line):
                relations[doc_id].append((names[found[3]], names[found[4]], found[2]))
            elif found := _ATTRIBUTE.fullmatch(line):
                attributes[doc_id].append((names[found[3]], found[2], found[4]))
            else:
                found = _NOTE.fullmatch(line)
                assert found, line
                attributes[doc_id].append((names[found[2]], found[3], json.loads(found[4])))
    return sorted_in(spans), sorted_in(relations), sorted_in(attributes)


def web_annotations(folder: Path, split: str, texts: dict[str, str]) -> tuple[Spans, Relations, list[Any]]:
    """Web Annotation as the standard resolves it: both selectors of a span lead to the same words of its source."""
    collection = json.loads((folder / f"{split}.jsonld").read_bytes())
    assert (collection["@context"], collection["type"]) == ("http://www.w3.org/ns/anno.jsonld", "AnnotationCollection")
    items = collection["first"]["items"]
    assert collection["total"] == len(items)
    spans: Spans = {doc_id: [] for doc_id in texts}
    relations: Relations = {doc_id: [] for doc_id in texts}
    by_id: dict[str, tuple[str, Place]] = {}
    categories = []
    for one in items:
        if one["motivation"] == "describing":
            doc_id = Path(one["target"]["source"]["id"]).stem
            categories += [(doc_id, *body["value"].split("=", 1)) for body in one["body"]]
            continue
        label = next(body["value"] for body in one["body"] if body.get("purpose") == "classifying")
        if one["motivation"] == "linking":
            doc_id, head = by_id[one["target"]]
            tail = next(body["source"] for body in one["body"] if body.get("purpose") == "linking")
            relations[doc_id].append((head, by_id[tail][1], label))
            continue
        position, *quotes = one["target"]["selector"]
        place = position["start"], position["end"], label
        source = one["target"]["source"]["id"]
        doc_id = Path(source).stem if quotes else source
        if quotes:
            text = (folder / source).read_bytes().decode()
            assert text == texts[doc_id]
            whole = quotes[0]["prefix"] + quotes[0]["exact"] + quotes[0]["suffix"]
            assert text.find(whole, max(0, place[0] - 32)) == place[0] - len(quotes[0]["prefix"])
            assert quotes[0]["exact"] == text[place[0] : place[1]]
        by_id[one["id"]] = doc_id, place
        spans.setdefault(doc_id, []).append(place)
    return sorted_in(spans), sorted_in(relations), sorted(categories)


def task_file(folder: Path, split: str) -> Any:
    """Label Studio's tasks as a pull would fetch them: the table ``annotations``."""
    from copydesk.model.tables import ANNOTATIONS, from_rows

    plain = {name: "" if ANNOTATIONS.field(name).type == "string" else 0 for name in ANNOTATIONS.names}
    plain |= {"created_at": None, "updated_at": None, "cancelled": False, "ground_truth": False, "state": "live"}
    rows = []
    for number, task in enumerate(json.loads((folder / f"{split}.json").read_bytes()), 1):
        data = task["data"]
        same = {name: data[name] for name in ("doc_id", "revision", "text_sha256")}
        shown = hashlib.sha256(data["text"].encode()).hexdigest()
        own = {"annotation_id": str(number), "task_id": number, "annotator": "A1", "shown_sha256": shown}
        rows.append(plain | same | own | {"result": json.dumps(task["annotations"][0]["result"])})
    return from_rows("annotations", rows)


def annotations(pulled: Any, corpus: Any, split: str) -> tuple[Spans, Relations]:
    """What annotations of Label Studio say, by what reads those that annotators made; nothing may be rejected."""
    from copydesk.model.tables import DOCUMENTS, from_rows
    from copydesk.studio.codec import read_labels

    known = corpus.read(split, "documents").to_pylist()
    documents = from_rows("documents", [dict.fromkeys(DOCUMENTS.names) | {"source": ""} | row for row in known])
    outcome = read_labels(pulled, documents=documents, schema=corpus.schema)
    assert outcome.rejected.to_pylist() == []
    spans: Spans = {row["doc_id"]: [] for row in known}
    relations: Relations = {row["doc_id"]: [] for row in known}
    assert categories_in(outcome.kept["categories"]) == categories_in(corpus.read(split, "categories"))
    by_id = {}
    for row in outcome.kept["spans"].to_pylist():
        by_id[row["span_id"]] = row["start"], row["end"], row["label"]
        spans[row["doc_id"]].append(by_id[row["span_id"]])
    for row in outcome.kept["relations"].to_pylist():
        relations[row["doc_id"]].append((by_id[row["head_span_id"]], by_id[row["tail_span_id"]], row["label"]))
    return sorted_in(spans), sorted_in(relations)


def categories_in(table: Any) -> list[Any]:
    names = ("doc_id", "name", "value", "number")
    return sorted(zip(*(table[name].to_pylist() for name in names), strict=True))

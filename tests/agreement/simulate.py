"""Crowds whose people's habits are known, over real texts with gold spans; seeded."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_WORD = re.compile(r"\w+|[^\w\s]")
_SENTENCE = re.compile(r".+?(?:[.!?](?=\s|$)|$|(?=\n))", re.DOTALL)
SHARED = 0.85  # of the errors that people make, the share that others make too


@dataclass(frozen=True)
class Gold:
    """A text, and what is marked in it: (start, end, label), none of which overlap."""

    text: str
    spans: tuple


@dataclass(frozen=True)
class Worker:
    """One person's habits: how often they see an entity, name it right, keep its ends, and mark what is none."""

    recall: float
    naming: float
    ends: float
    invents: float  # spans that are none, for each span of the gold


def read_re3d(folder: Path, *, keep=4):
    """The documents of re3d with the commonest labels, of overlapping spans the longest."""
    golds = []
    for source in sorted(path.parent for path in folder.glob("*/documents.json")):
        texts = {one["_id"]: one["text"] for one in _rows(source / "documents.json")}
        spans = {}
        for one in _rows(source / "entities.json"):
            if texts.get(one["documentId"], "")[one["begin"] : one["end"]] == one["value"].strip() != "":
                spans.setdefault(one["documentId"], []).append((one["begin"], one["end"], one["type"]))
        golds += [(texts[doc], spans.get(doc, ())) for doc in sorted(texts)]
    return _flat(golds, keep)


def read_gum(folder: Path, *, keep=4):
    """The documents of GUM with the commonest of its entity types, of overlapping spans the longest."""
    golds = []
    for path in sorted((folder / "conllu").glob("*.conllu")):
        text, spans, open_ = "", [], []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# newpar") and text:
                text = text.rstrip() + "\n"
            columns = line.split("\t")
            if len(columns) != 10 or not columns[0].isdigit():
                continue
            start, text = len(text), text + columns[1]
            entity = re.search(r"Entity=([^|]*)", columns[9])
            for part in re.findall(r"\([^()]*\)?|\d*[^()]*\)", entity[1]) if entity else ():
                if part.startswith("("):
                    open_.append((start, part[1:].split("-")[0], part[1:].split("-")[1].rstrip(")")))
                if part.endswith(")") and open_:
                    begun, _, label = open_.pop()
                    spans.append((begun, len(text), label))
            text += "" if "SpaceAfter=No" in columns[9] else " "
        golds.append((text, spans))
    return _flat(golds, keep)


def _rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _flat(golds, keep):
    counts = {}
    for _, spans in golds:
        for _, _, label in spans:
            counts[label] = counts.get(label, 0) + 1
    labels = sorted(counts, key=lambda label: (-counts[label], label))[:keep]
    flat = []
    for text, spans in golds:
        taken = []
        for span in sorted((s for s in spans if s[2] in labels), key=lambda s: (s[0] - s[1], s)):
            if all(span[1] <= other[0] or other[1] <= span[0] for other in taken):
                taken.append(span)
        flat.append(Gold(text, tuple(sorted(taken))))
    return flat


def sentences(golds):
    """Cut each text into its sentences: a list of Gold for each text."""
    cut = []
    for gold in golds:
        parts = []
        for found in _SENTENCE.finditer(gold.text):
            start, end = found.span()
            inside = [(s - start, e - start, label) for s, e, label in gold.spans if start <= s and e <= end]
            if found.group().strip():
                parts.append(Gold(found.group(), tuple(inside)))
        cut.append(parts)
    return cut


def workers(count, *, seed, spammers=0):
    """People of very different skill; the last ``spammers`` of them mark at random."""
    draw = np.random.default_rng(seed)
    skill, eyes = draw.beta(0.9, 0.6, count), draw.beta(1.0, 0.8, count)
    people = [
        Worker(0.1 + 0.8 * (0.4 * one + 0.6 * eye), 0.65 + 0.33 * one, 0.65 + 0.33 * one, 0.02 + 0.3 * (1 - one))
        for one, eye in zip(skill, eyes, strict=True)
    ]
    return people[: count - spammers] + [Worker(0.05, 0.25, 0.3, 1.0)] * spammers


def crowd(documents, people, *, seed, readers=5, hard=1.0):
    """Let so many people read each document (a list of Gold); gives the texts, who drew what in each, and the gold.

    How hard a span is to see, and the wrong reading that tempts, is the same for all; ``hard`` says how much that counts.
    """
    draw = np.random.default_rng(seed)
    labels = sorted({label for parts in documents for gold in parts for *_, label in gold.spans})
    texts, drawn, truth = [], [], []
    for parts in documents:
        who = sorted(draw.choice(len(people), size=readers, replace=False).tolist())
        for gold in parts:
            texts.append(gold.text)
            truth.append(list(gold.spans))
            drawn.append(_read(gold, who, people, labels, draw, hard))
    return texts, drawn, truth


def _read(gold, who, people, labels, draw, hard):
    words = [found.span() for found in _WORD.finditer(gold.text)]
    seen, kept, named = (draw.normal(0, how, len(gold.spans)) for how in (hard, 2 * hard, 2 * hard))
    tempting = [_slip(span, words, draw) for span in gold.spans]
    misname = [labels[draw.integers(len(labels))] for _ in gold.spans]
    lures = [_span(words, labels, draw) for _ in range(1 + len(gold.spans) // 2)] if words else []
    said = {}
    for number in who:
        person, mine = people[number], []
        for at, span in enumerate(gold.spans):
            if draw.random() > _shift(person.recall, seen[at]):
                continue
            *place, label = span
            if draw.random() > _shift(person.ends, kept[at]):
                place = tempting[at] if draw.random() < SHARED else _slip(span, words, draw)
            if draw.random() > _shift(person.naming, named[at]):
                label = misname[at] if draw.random() < SHARED else labels[draw.integers(len(labels))]
            mine.append((*place, label))
        for _ in range(draw.poisson(person.invents * max(1, len(gold.spans)) * (0.5 if not gold.spans else 1))):
            if lures:
                mine.append(lures[draw.integers(len(lures))] if draw.random() < SHARED else _span(words, labels, draw))
        said[f"A{number + 1}"] = _apart(mine)
    return said


def _shift(share, by):
    share = min(max(share, 1e-3), 1 - 1e-3)
    return 1 / (1 + np.exp(-(np.log(share / (1 - share)) + by)))


def _slip(span, words, draw):
    inside = [at for at, (start, end) in enumerate(words) if start < span[1] and end > span[0]]
    if not inside:
        return span[0], span[1]
    first, last = inside[0], inside[-1]
    move = draw.integers(4)
    if move == 0 and first < last:
        first += 1
    elif move == 1 and first < last:
        last -= 1
    elif move == 2 and first:
        first -= 1
    elif last + 1 < len(words):
        last += 1
    return words[first][0], words[last][1]


def _span(words, labels, draw):
    first = int(draw.integers(len(words)))
    last = min(len(words) - 1, first + int(draw.geometric(0.6)) - 1)
    return words[first][0], words[last][1], labels[draw.integers(len(labels))]


def _apart(spans):
    taken = []
    for span in spans:
        if all(span[1] <= other[0] or other[1] <= span[0] for other in taken):
            taken.append(span)
    return [list(span) for span in sorted(taken)]


def slipped(drawn, texts, *, share, seed, reach=2):
    """Move a ``share`` of all ends by up to ``reach`` characters."""
    draw = np.random.default_rng(seed)
    moved = []
    for text, people in zip(texts, drawn, strict=True):
        moved.append({})
        for name, spans in people.items():
            mine = []
            for start, end, label in spans:
                by = draw.integers(-reach, reach + 1, 2) * (draw.random(2) < share)
                left = min(max(0, start + int(by[0])), end - 1)
                mine.append([left, max(min(len(text), end + int(by[1])), left + 1), label])
            moved[-1][name] = mine
    return moved


def score(found, truth):
    """Precision, recall and F1 of exact spans, micro over texts."""
    hit = sum(len(set(map(tuple, f)) & set(map(tuple, t))) for f, t in zip(found, truth, strict=True))
    drawn, there = sum(map(len, found)), sum(map(len, truth))
    precision, recall = hit / max(1, drawn), hit / max(1, there)
    return precision, recall, 2 * hit / max(1, drawn + there)

"""Tasks and every revision of their documents go in; the windows that long ones are sent in, and which of them are as before, come out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.tables import from_tuples
from copydesk.model.windows import Place, Window, cut, has_long_paragraph
from copydesk.tasks.revise import residue_of, said_words, waiting_of

_Text = tuple[str, int]  # a document and one of its revisions
_Said = tuple[str, int]  # a digest of words, and the how manieth window of the text has them


@dataclass(frozen=True, slots=True)
class Windows:
    """The table ``windows`` of the newest texts, and for a window, by document and place, those of older texts that say the same.

    A window of an older text is its digest and its place.
    """

    table: pa.Table = field(default_factory=lambda: from_tuples("windows", ()))
    same: Mapping[tuple[str, int, int], frozenset[tuple[str, int, int]]] = field(default_factory=dict)


def long_documents(documents: pa.Table, tasks: pa.Table, *, most: int) -> pa.Table:
    """Give every revision, out of ``documents``, of the documents whose task has a text of more than ``most`` characters."""
    long = tasks.filter(pc.greater(pc.utf8_length(tasks["text"]), most))["doc_id"]
    return documents.filter(pc.is_in(documents["doc_id"], long.combine_chunks()))


def needing_sentences(documents: pa.Table, *, most: int) -> pa.Table:
    """Give the documents with a paragraph that is longer than a window."""
    return documents.filter(
        pa.array([has_long_paragraph(text, most=most) for text in documents["text"].to_pylist()], pa.bool_())
    )


def cut_documents(
    documents: pa.Table, *, zones: pa.Table, sentences: pa.Table, anchors: pa.Table, most: int
) -> Windows:
    """Cut the newest texts into windows of at most ``most`` characters, and find those that older texts had, too.

    ``documents`` are all revisions of the documents that are cut, ``sentences`` those that are needed. Two windows are the same
    where their words are, residue left aside, and a window in which a label waits for a person is the same as none.
    """
    residue = residue_of(zones)
    bounds = _sentences(sentences)
    waiting: dict[str, list[int]] = {}
    found = waiting_of(anchors)
    for doc_id, start in zip(found["doc_id"].to_pylist(), found["start"].to_pylist(), strict=True):
        waiting.setdefault(doc_id, []).append(start)
    rows: list[tuple[str, int, int, int, int, str]] = []
    same: dict[tuple[str, int, int], frozenset[tuple[str, int, int]]] = {}
    for doc_id, texts in _texts(documents).items():
        windows: dict[str, dict[_Said, Window]] = {}
        for digest, (revision, text) in texts.items():
            cut_up = cut(text, most=most, sentences=bounds.get((doc_id, revision), ()))
            windows[digest] = _by_words(text, cut_up, residue.get((doc_id, revision), ()))
        newest = max(texts, key=lambda digest: texts[digest][0])
        for said, one in windows[newest].items():
            rows.append((doc_id, *one.place, one.number, one.of, _window_id(doc_id, said)))
            asked = any(one.start <= start < one.end for start in waiting.get(doc_id, ()))
            older = {
                (digest, *there[said].place) for digest, there in windows.items() if digest != newest and said in there
            }
            if older and said[0] and not asked:
                same[doc_id, *one.place] = frozenset(older)
    return Windows(from_tuples("windows", rows), same)


def _texts(documents: pa.Table) -> dict[str, dict[str, tuple[int, str]]]:
    """Give the texts of each document by digest, each with the last revision that has it."""
    names = ("doc_id", "revision", "text_sha256", "text")
    texts: dict[str, dict[str, tuple[int, str]]] = {}
    for doc_id, revision, digest, text in sorted(zip(*(documents[name].to_pylist() for name in names), strict=True)):
        texts.setdefault(doc_id, {})[digest] = revision, text
    return texts


def _sentences(sentences: pa.Table) -> dict[_Text, list[Place]]:
    found: dict[_Text, list[Place]] = {}
    columns = (sentences[name].to_pylist() for name in ("doc_id", "revision", "start", "end"))
    for doc_id, revision, start, end in zip(*columns, strict=True):
        found.setdefault((doc_id, revision), []).append((start, end))
    return found


def _by_words(text: str, windows: Sequence[Window], residue: Sequence[Place]) -> dict[_Said, Window]:
    """Name each window of a text by its words; one that has none but residue by nothing."""
    times: Counter[str] = Counter()
    named: dict[_Said, Window] = {}
    for one, words in zip(windows, _words(text, windows, residue), strict=True):
        digest = hashlib.sha256("\n".join(words).encode()).hexdigest() if words else ""
        named[digest, times[digest]] = one
        times[digest] += 1
    return named


def _words(text: str, windows: Sequence[Window], residue: Sequence[Place]) -> Iterator[list[str]]:
    """Give the words of each window that are no residue."""
    said = said_words(text, residue)
    at = 0
    for one in windows:
        words: list[str] = []
        while at < len(said) and said[at][0] < one.end:
            words.append(said[at][1])
            at += 1
        yield words


def _window_id(doc_id: str, said: _Said) -> str:
    return "w-" + hashlib.sha256(f"{doc_id}|{said[0]}|{said[1]}".encode()).hexdigest()[:16]

"""The pages of ``.corpora/`` with their gold text, and the two measures of an extraction; for the gate and for the benchmark."""

from __future__ import annotations

import ast
import json
import re
import tarfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".corpora"
FULL = FOLDER / "newspaper4k-0.9.6.tar.gz"
SEGMENTS = FOLDER / "trafilatura-0.5.1.tar.gz"
MISSING = "the pages with gold text are not there: make corpora"
SHINGLE = 4  # words
_DECLARED = re.compile(rb"charset=[\"']?([\w-]+)", re.IGNORECASE)
# Scripts that put no blanks between words: each letter counts as a word.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u1000-\u109f\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Page:
    """A page; ``gold`` is its whole text, or ``wanted`` and ``unwanted`` are texts that must and must not be found.

    ``title`` is the article's own, where the corpus names it.
    """

    name: str
    source: str
    gold: str = ""
    title: str = ""
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def full_pages() -> list[Page]:
    """Give the pages that come with their whole text."""
    files = _files(FULL)
    texts = {name.rsplit("/", 1)[1][:-4]: name for name in files if "/tests/data/txt/" in name}
    pages = {name.rsplit("/", 1)[1][:-5]: name for name in files if "/tests/data/html/" in name}
    told = {name.rsplit("/", 1)[1][:-5]: files[name] for name in files if "/tests/data/metadata/" in name}
    titles = {name: json.loads(data).get("title", "") for name, data in told.items()}
    found = sorted(set(texts) & set(pages))
    return [
        Page(name, _decoded(files[pages[name]]), files[texts[name]].decode("utf-8"), titles.get(name, ""))
        for name in found
    ]


def segment_pages() -> list[Page]:
    """Give the pages that come with texts to be found or not, read from the assertions of the corpus's own test."""
    files = _files(SEGMENTS)
    tests = next(data for name, data in files.items() if name.endswith("/tests/unit_tests.py"))
    tree = ast.parse(tests)
    pages = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MOCK_PAGES"
    )
    sources = {name.rsplit("/", 1)[1]: data for name, data in files.items() if "/tests/cache/" in name}
    test = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "test_extract")
    segments: dict[str, tuple[list[str], list[str]]] = {}
    for url, text, is_wanted in _asserted(test.body, ""):
        segments.setdefault(url, ([], []))[0 if is_wanted else 1].append(text)
    return [
        Page(pages[url], _decoded(sources[pages[url]]), wanted=tuple(wanted), unwanted=tuple(unwanted))
        for url, (wanted, unwanted) in segments.items()
        if pages[url] in sources
    ]


def shingle_score(pages: Sequence[Page], texts: Sequence[str]) -> Score:
    """Compare bags of runs of four words: shares of true, false and missed ones, a page, averaged over pages.

    As in the article extraction benchmark of Zyte (scrapinghub), ``evaluate.py``.
    """
    true = false = missed = 0.0
    for page, text in zip(pages, texts, strict=True):
        gold, found = _shingles(page.gold), _shingles(text)
        both, extra, lost = ((gold & found).total(), (found - gold).total(), (gold - found).total())
        every = both + extra + lost
        true, false, missed = true + both / every, false + extra / every, missed + lost / every
    return Score(true / (true + false), true / (true + missed))


def segment_score(pages: Sequence[Page], texts: Sequence[str]) -> Score:
    """Compare by the segments that are found: wanted ones are true, unwanted ones false, as in trafilatura's evaluation."""
    true = false = missed = 0
    for page, text in zip(pages, texts, strict=True):
        shown = flat(text)
        found = sum(flat(segment) in shown for segment in page.wanted)
        true, missed = true + found, missed + len(page.wanted) - found
        false += sum(flat(segment) in shown for segment in page.unwanted)
    return Score(true / (true + false), true / (true + missed))


def _asserted(body: Iterable[ast.stmt], url: str) -> Iterator[tuple[str, str, bool]]:
    """Give page, text and whether it is wanted, for each assertion on plain output."""
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.value.args:
            first = node.value.args[0]
            url = str(first.value) if isinstance(first, ast.Constant) else url
        elif isinstance(node, ast.Assert):
            yield from ((url, text, is_wanted) for text, is_wanted in _compared(node.test))
        elif isinstance(node, ast.If):
            is_markup = "True" in ast.unparse(node.test) or ast.unparse(node.test) == "xmloutput"
            yield from _asserted(node.orelse if is_markup else node.body, url)


def _compared(test: ast.expr) -> Iterator[tuple[str, bool]]:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for value in test.values:
            yield from _compared(value)
    elif isinstance(test, ast.Compare) and isinstance(test.left, ast.Constant) and "<" not in str(test.left.value):
        yield str(test.left.value), isinstance(test.ops[0], ast.In)


def _files(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        members = (member for member in archive if member.isfile())
        return {member.name: stream.read() for member in members if (stream := archive.extractfile(member))}


def _decoded(raw: bytes) -> str:
    declared = _DECLARED.search(raw[:4000])
    names = ["utf-8", declared.group(1).decode() if declared else "utf-8", "latin-1"]
    for name in names:
        try:
            return raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    raise AssertionError("latin-1 decodes anything")


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = list(_UNSPACED.findall(text)) if _UNSPACED.search(text[:500]) else _WORD.findall(text)
    return Counter(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1)))


def flat(text: str) -> str:
    """Give a text in composed characters, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())

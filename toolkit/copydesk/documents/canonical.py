"""A draft in, the same in canonical characters out: NFC, line feeds only, no controls, no blanks that nobody sees.

After these steps the only white space is the plain space and the line feed; no line ends in a space; the text begins
with a visible character and ends with one; paragraphs stand one blank line apart. Indentation and runs of spaces stay.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate, repeat
from operator import add
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.draft import Draft, shrunk
from copydesk.documents.repair import MOJIBAKE, may_be_mojibake, mojibake_edits
from copydesk.model.document import Edit

_PLAIN = bytes([0x0A, *range(0x20, 0x7F)])
# Line feeds with the spaces between them; those before the first are found by going back, which a pattern does slowly.
_BREAKS = re.compile(r"\n(?: *+\n)*+")
# Characters that never combine with what stands before them, and that NFC leaves alone: text can be normalised piece by
# piece between them (Unicode Standard Annex 15, section 9; a test proves it for every character listed).
_SAFE = "\x00-\u02ff\u0391-\u03a1\u03b1-\u03c9\u0400-\u0482\u048a-\u052f\u05d0-\u05ea\u0621-\u064a\u0904-\u0939\u0e01-\u0e30"
_SAFE += "\u1e00-\u1e99\u1ea0-\u1ef9\u2010-\u2027\u2030-\u205e\u3001-\u3029\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
_UNSAFE = re.compile(f"[^{_SAFE}]+")


@dataclass(frozen=True, slots=True)
class Canonical:
    """A draft whose text is canonical; ``gaps`` are the blank lines that stood between its blocks in the article."""

    draft: Draft
    gaps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Characters:
    """What ``characters.toml`` says: a pattern of all characters to change, and what each becomes, by which rule."""

    pattern: re.Pattern[str]
    becomes: Mapping[str, tuple[str, str]]


@cache
def characters() -> Characters:
    """Read ``rules/characters.toml``."""
    data = tomllib.loads(resources.files("copydesk.documents").joinpath("rules/characters.toml").read_text("utf-8"))
    controls = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\n")]
    becomes = dict.fromkeys(controls, ("", "text.control"))
    kinds = (("newline", "\n", "text.newline"), ("space", " ", "text.space"), ("remove", "", "text.invisible"))
    for key, inserted, rule in kinds:
        becomes |= {chr(int(code, 16)): (inserted, rule) for code in data[key]}
    becomes |= {"\r": ("\n", "text.newline"), "\r\n": ("\n", "text.newline")}
    single = "".join(re.escape(character) for character in becomes if len(character) == 1)
    # A pattern that begins with one set of characters is looked for many times faster than a choice of patterns.
    return Characters(pattern=re.compile(f"[{single}](?:(?<=\r)\n)?"), becomes=becomes)


def canonical(draft: Draft) -> Canonical:
    """Bring a draft into canonical form, every edit recorded.

    Mojibake can come to light when a character goes that parted it, so the steps are taken until none has anything to do; each
    that does makes the text shorter or takes it out of reach of the next, so that there is an end.
    """
    while edits := _character_steps(draft.text):
        draft = draft.then(edits)
    if is_tidy(draft.text):
        return Canonical(draft=draft, gaps=(1,) * draft.text.count("\n\n"))
    edits, gaps = line_edits(draft.text)
    return Canonical(draft=draft.then(edits), gaps=gaps)


class Tidied(NamedTuple):
    """A canonical text, its edits over the article, and the blank lines between its blocks, where not one stood between all."""

    text: str
    edits: Sequence[Edit] = ()
    gaps: Sequence[int] = ()


def canonical_texts(articles: Sequence[str]) -> list[Tidied]:
    """Bring articles into canonical form: what ``canonical`` does, at the cost of a look where there is nothing to do.

    Line ends of another system are the most common thing to do by far, so that they have a step of their own: where an article is
    canonical without them, they are its edits.
    """
    column = pa.array(articles, pa.large_string())
    plain = pc.and_not(pc.not_equal(column, ""), pc.match_substring_regex(column, _to_do())).to_pylist()
    return [_plain(one) if is_plain else _tidied(one) for one, is_plain in zip(articles, plain, strict=True)]


@cache
def _to_do() -> str:
    """Give one expression, as RE2 reads it, that finds something in every text in which ``canonical`` changes more than line ends.

    Where it finds something, there may be nothing to do nevertheless.
    """
    changed = "".join(f"\\x{{{ord(one):x}}}" for one in characters().becomes if len(one) == 1 and one != "\r")
    lines = r" \r?\n|\n\r?\n\r?\n|^[ \r\n]|[ \n]$|\r[^\n]|\r$"
    return f"[^{_SAFE}]|[{changed}]|{MOJIBAKE}|{lines}"


def _plain(article: str) -> Tidied:
    return _with_line_feeds(article) if "\r" in article else Tidied(article)


def _with_line_feeds(article: str) -> Tidied:
    lines = article.split("\r\n")
    text = "\n".join(lines)
    lengths = list(map(len, lines[:-1]))
    starts = list(map(add, accumulate(lengths), range(0, 2 * len(lengths), 2)))
    inserted, rule = characters().becomes["\r\n"]
    ends = map(add, starts, repeat(2))
    return Tidied(text, list(map(Edit, starts, ends, repeat("\r\n"), repeat(inserted), repeat(rule))))


def _tidied(article: str) -> Tidied:
    made = canonical(Draft(article=article, text=article))
    return Tidied(made.draft.text, made.draft.edits, made.gaps)


def _character_steps(text: str) -> list[Edit]:
    """Give the edits of the first step that has any: repair, then characters, then normal form."""
    unusual = unusual_characters(text)
    if not unusual:
        return []
    edits = mojibake_edits(text) if may_be_mojibake(text, unusual) else []
    if not edits and characters().pattern.search(unusual):
        edits = character_edits(text)
    if not edits and _UNSAFE.search(unusual):
        edits = nfc_edits(text)
    return edits


def unusual_characters(text: str) -> str:
    """Give all characters but line feeds and the visible ones of ASCII, in their order.

    They are few in most texts, so that tables are consulted for them alone and not for the whole text.
    """
    return text.encode("utf-8", "surrogatepass").translate(None, _PLAIN).decode("utf-8", "surrogatepass")


def is_tidy(text: str) -> bool:
    """Whether ``line_edits`` has nothing to do."""
    return bool(text) and not (text[0] in " \n" or text[-1] in " \n" or " \n" in text or "\n\n\n" in text)


def character_edits(text: str) -> list[Edit]:
    """Give the edits that replace or remove what ``characters.toml`` names."""
    table = characters()
    return [
        Edit(match.start(), match.end(), match[0], *table.becomes[match[0]]) for match in table.pattern.finditer(text)
    ]


def nfc_edits(text: str) -> list[Edit]:
    """Give the edits that bring ``text`` into Unicode's normal form C, one for each piece that is not."""
    if unicodedata.is_normalized("NFC", text):
        return []
    spans = (
        (max(0, match.start() - 1), match.end()) for match in _UNSAFE.finditer(text)
    )  # with the character before them
    pieces = ((start, text[start:end]) for start, end in spans)
    return [
        shrunk(start, piece, unicodedata.normalize("NFC", piece), rule="text.nfc")
        for start, piece in pieces
        if not unicodedata.is_normalized("NFC", piece)
    ]


def line_edits(text: str) -> tuple[list[Edit], tuple[int, ...]]:
    """Give the edits that tidy line ends, and how many blank lines stood between the blocks of ``text``."""
    edits: list[Edit] = []
    gaps: list[int] = []
    last = len(text.rstrip(" \n"))
    first = len(text) - len(text.lstrip(" \n")) if last else len(text)
    if first:
        edits.append(Edit(0, first, text[:first], "", "text.blank"))
    for match in _BREAKS.finditer(text, first, last):
        breaks = match.group().count("\n")
        wanted = "\n" if breaks == 1 else "\n\n"
        if breaks > 1:
            gaps.append(breaks - 1)
        start = match.start()
        while text[start - 1] == " ":  # ends at the latest at `first`, which is no space
            start -= 1
        if text[start : match.end()] != wanted:
            edits.append(shrunk(start, text[start : match.end()], wanted, rule="text.blank"))
    if first < len(text) and last < len(text):
        edits.append(Edit(last, len(text), text[last:], "", "text.blank"))
    return edits, tuple(gaps)

"""The sketches, which are made of whole batches at once, are those that a plain program makes one word after the other."""

from __future__ import annotations

import hashlib
import itertools
import struct
import unicodedata
from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.copies import sketch
from copydesk.model import tables

M64 = (1 << 64) - 1
FACTORS = (0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB)
BASE = 0x9E3779B97F4A7C15
UNSPACED = [(0xE00, 0xFFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
            (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0xDFFFF)]  # fmt: skip
old = unicodedata.ucd_3_2_0


def mix(value: int) -> int:
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & M64
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & M64
    return value ^ value >> 31


def kind_of(character: str) -> str:
    point, category = ord(character), old.category(character)
    if point >= 0xE0000 or category in {"Mn", "Me", "Cf"} or character == "\u0640":
        return "passed over"
    if category[0] in "PSZ" or category in {"Cc", "Co"} or 0x1F000 <= point <= 0x1FBFF:
        return "separator"
    if category == "Nd":
        return "letter"
    return "alone" if any(first <= point <= last for first, last in UNSPACED) else "letter"


def letter_number(character: str) -> int:
    folded = character.casefold()
    if len(folded) == 1 and old.category(character) != "Cn" and ord(character) < 0x11000:
        character = folded
    number = mix((ord(character) + BASE) & M64)
    return number if ord(character) >= 0x30000 else number << 1 & M64


def words_of(line: str) -> list[int]:
    words: list[str] = []
    before = "separator"
    for character in line:
        kind = kind_of(character)
        if kind == "passed over":
            continue
        if kind == "letter" and before == "letter":
            words[-1] += character
        elif kind != "separator":
            words.append(character)
        before = kind
    return [mix(polynomial([letter_number(c) | (kind_of(c) == "alone") for c in word])) for word in words]


def polynomial(values: Sequence[int]) -> int:
    return sum(value * pow(BASE, place, 1 << 64) for place, value in enumerate(values)) & M64


def combined(values: Sequence[int], at: int, steps: Sequence[int]) -> int:
    padded = [*values, *[0] * 8]
    return mix(sum(padded[at + step] * factor for step, factor in zip(steps, FACTORS, strict=True)) & M64)


def signature(shingles: Sequence[int]) -> bytes:
    bins = [0xFFFFFFFF] * 128
    for value in shingles:
        slot = value >> 57
        bins[slot] = min(bins[slot], value >> 25 & 0xFFFFFFFF)
    dense = list(bins)
    for slot in range(128) if shingles else ():
        asked = sorted(range(128), key=lambda other: mix((slot * 128 + other + FACTORS[1]) & M64))
        if bins[slot] == 0xFFFFFFFF:
            dense[slot] = next(bins[other] for other in asked if bins[other] != 0xFFFFFFFF)
    return struct.pack("<128I", *dense)


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def plain(text: str) -> dict[str, object]:
    lines = [words for words in map(words_of, text.split("\n")) if words]
    words = [word for line in lines for word in line]
    short = [combined(words, at, (0, 1, 2)) for at in range(len(words))]
    long = [combined(short, at, (0, 3, 5)) for at in range(len(words))]
    shingles, runs = short[: max(len(words) - 2, min(len(words), 1))], long[: max(len(words) - 7, min(len(words), 1))]
    least = [min(runs[at : at + 32]) for at in range(max(len(runs) - 31, min(len(runs), 1)))]
    return {
        "body_sha256": hashlib.sha256(b"".join(struct.pack("<Q", word) for word in words)).hexdigest(),
        "words": len(words),
        "shingles": len(shingles),
        "signature": signature(shingles),
        "runs": [signed(value) for value, _ in itertools.groupby(least)],
        "lines": [signed(mix(polynomial(line))) for line in lines],
        "line_words": [len(line) for line in lines],
    }


def documents(texts: Sequence[str]) -> pa.Table:
    blank = dict.fromkeys(tables.DOCUMENTS.names) | {
        "source": "s",
        "raw_sha256": "0",
        "recipe": "r",
        "text_sha256": "0",
    }
    named = [{"doc_id": f"doc-{row}", "revision": 1, "text": text} for row, text in enumerate(texts)]
    return tables.from_rows("documents", [blank | row for row in named])


anything = st.text(st.characters(codec="utf-8"), max_size=40)
words = st.lists(st.sampled_from(["The", "army", "said", "2,114.6", "co-operation", "Straße", "İstanbul", "水位", "ประเทศ", "قَالَ", "क्षेत्र", "🙂", "\u00ad", "\n", "\U00030001", "\U000e0041"]), max_size=90)  # fmt: skip
# Longer than a window of runs, some with repetitions.
long = st.tuples(st.integers(30, 200), st.integers(1, 500)).map(
    lambda drawn: " ".join(f"w{at * at % drawn[1]}" for at in range(drawn[0]))
)

# Letters that a byte numbers, and what parts them: texts of these alone are read in another way.
EUROPEAN = [chr(point) for first, last in ((0x00, 0x17F), (0x386, 0x3CE), (0x400, 0x45F), (0x2010, 0x2027)) for point in range(first, last + 1)]  # fmt: skip
european = st.lists(st.text(st.sampled_from(EUROPEAN), max_size=9) | st.sampled_from([" ", "\n", "—"]), max_size=60)
lettered = st.text(
    st.sampled_from("قالوزير Αθήνα ᏣᎳᎩ ჟ\n \u0301"), max_size=60
)  # no word is one character, not all have a code


@settings(deadline=None)
@given(st.lists(european.map("".join), max_size=5) | st.lists(lettered | european.map("".join), max_size=3))
def test_texts_without_words_of_one_character_are_read_as_a_plain_program_reads_them(texts: list[str]) -> None:
    made = sketch(documents(texts)).to_pylist()
    for row, text in zip(made, texts, strict=True):
        assert {name: row[name] for name in plain(text)} == plain(text)


@settings(deadline=None)
@given(st.data(), anything | european.map("".join) | words.map(" ".join) | lettered)
def test_what_is_not_body_parts_words_as_a_space_does(data: st.DataObject, text: str) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    place = {"doc_id": "doc-1", "revision": 1, "seq": 0, "kind": "byline", "start": start, "end": end, "rule": "r"}
    zones = tables.from_rows("zones", [dict.fromkeys(tables.ZONES.names) | place])
    between = "".join("\n" if character == "\n" else " " for character in text[start:end])
    rest = text[:start] + between + text[end:]
    assert sketch(documents(["x y", text]), zones).equals(sketch(documents(["x y", rest])))


def test_every_letter_that_has_a_code_is_read_as_a_plain_program_reads_it() -> None:
    texts = [f"{character}b a{character} {character}" for character in EUROPEAN]
    made = sketch(documents(texts)).to_pylist()
    assert [row["body_sha256"] for row in made] == [plain(text)["body_sha256"] for text in texts]


@settings(deadline=None)
@given(st.lists(anything | words.map(" ".join) | long, max_size=5))
def test_a_batch_gives_what_a_plain_program_gives_for_each_text(texts: list[str]) -> None:
    made = sketch(documents(texts)).to_pylist()
    for row, text in zip(made, texts, strict=True):
        assert {name: row[name] for name in plain(text)} == plain(text)

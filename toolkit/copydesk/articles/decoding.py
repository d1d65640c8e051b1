"""Bytes in, the name of the codec that decodes them out, or the reason why none does."""

from __future__ import annotations

import codecs
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

# UTF-32 comes first, since its mark begins with that of UTF-16. These codecs take the mark off.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
HEAD = 8192  # bytes looked at to tell binary data from text
BINARY_SHARE = 0.05  # of control characters: compressed data has twice that, text none
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_AFTER_LETTER = re.compile(r"(?<=[a-z])[^\x00-\x7f]")
_MULTIBYTE = re.compile(r"[\x80-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The codec and the text, ``raw.decode(encoding)``; or a ``reason`` and a ``detail`` why there is none."""

    encoding: str | None = None
    text: str = ""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Encodings:
    """What ``encodings.toml`` holds."""

    guess: tuple[str, ...]
    seven_bit: Mapping[str, bytes]
    signatures: Mapping[str, bytes]
    declared: Mapping[str, str]


@cache
def encodings() -> Encodings:
    """Read ``encodings.toml`` of this folder."""
    data = tomllib.loads(resources.files("copydesk.articles").joinpath("encodings.toml").read_text("utf-8"))
    return Encodings(
        guess=tuple(data["guess"]),
        seven_bit={name: bytes.fromhex(digits) for name, digits in data["seven_bit"].items()},
        signatures={name: bytes.fromhex(digits) for name, digits in data["signatures"].items()},
        declared=data["declared"],
    )


def decode(raw: bytes, *, declared: str | None) -> Decoded:
    """Decode an article strictly; ``declared`` is the charset that it names itself, if any.

    A byte-order mark decides. Then UTF-8 goes before what is declared, since bytes beyond ASCII that happen to be
    valid UTF-8 are next to impossible, while false declarations are common. What nobody declared is guessed by
    charset-normalizer among the encodings of the web; text that is nearly all valid UTF-8 is damaged, and not guessed at.
    """
    if not raw:
        return Decoded(reason="empty", detail="the file holds no bytes (fix: scrape the article again)")
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return _checked(_strictly(raw, encoding), raw, tried=f"{encoding}, by its byte-order mark")
    kind = _binary_kind(raw)
    if kind:
        return Decoded(reason="binary", detail=f"the file is {kind}, not text (fix: give the article as text or HTML)")
    return _checked(_by_content(raw, _codec(declared)), raw, tried="UTF-8" + (f" and {declared}" if declared else ""))


def _codec(declared: str | None) -> str | None:
    """Give the codec of a declared charset; UTF-16 declared in ASCII bytes cannot be true and says nothing."""
    return encodings().declared.get((declared or "").strip().lower())


def _by_content(raw: bytes, declared: str | None) -> Decoded | None:
    for encoding in (_seven_bit(raw, declared), "utf-8", declared):
        decoded = _strictly(raw, encoding) if encoding else None
        if decoded:
            return decoded
    return None if _is_damaged_utf8(raw) else _guessed(raw)


def _seven_bit(raw: bytes, declared: str | None) -> str | None:
    """Give the encoding of text written in ASCII bytes with escapes, if this is such text."""
    if declared in encodings().seven_bit:
        return declared
    return next((name for name, escape in encodings().seven_bit.items() if escape in raw), None)


def _strictly(raw: bytes, encoding: str) -> Decoded | None:
    try:
        return Decoded(encoding=encoding, text=raw.decode(encoding))
    except UnicodeDecodeError:
        return None


def _checked(decoded: Decoded | None, raw: bytes, *, tried: str) -> Decoded:
    """Turn away text that decodes and still cannot be used."""
    if decoded is None:
        return Decoded(
            reason="undecodable",
            detail=f"not valid {tried}, and no other encoding fits; {_first_fault(raw)} (fix: save the file as UTF-8)",
        )
    if not decoded.text:
        return Decoded(reason="empty", detail="the file holds a byte-order mark only (fix: scrape the article again)")
    at = decoded.text.find("\0")
    if at >= 0:
        return Decoded(reason="nul-byte", detail=f"a NUL stands at character {at} (fix: remove it, or scrape again)")
    return decoded


def _binary_kind(raw: bytes) -> str:
    """Name what kind of binary data this is; empty for text."""
    for name, signature in encodings().signatures.items():
        if raw.startswith(signature):
            return f"a {name} file"
    head = raw[:HEAD]
    controls = len(_CONTROLS.findall(head))
    return f"binary ({controls} control bytes in the first {len(head)})" if controls > BINARY_SHARE * len(head) else ""


def _is_damaged_utf8(raw: bytes) -> bool:
    """Tell UTF-8 with a few broken bytes from an 8-bit encoding: in the former most sequences are whole."""
    text = raw.decode("utf-8", errors="surrogateescape")
    beyond_ascii = len(_MULTIBYTE.findall(text))
    broken = len(re.findall("[\udc80-\udcff]", text))
    return beyond_ascii - broken > broken


def _first_fault(raw: bytes) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"as UTF-8, byte {raw[error.start]:#04x} at {error.start} does not fit"
    return "as UTF-8 it would fit"


def _guessed(raw: bytes) -> Decoded | None:
    """Ask charset-normalizer. Of its answers with the least mess, take what reads best; then the more common encoding."""
    from charset_normalizer import from_bytes

    order = {encoding: place for place, encoding in enumerate(encodings().guess)}
    matches = from_bytes(raw, cp_isolation=list(order), preemptive_behaviour=False)
    ranked = [
        ((match.chaos, _oddities(decoded.text), -round(match.coherence, 2), order[encoding]), decoded)
        for match in matches
        for encoding in match.could_be_from_charset
        if encoding in order and (decoded := _strictly(raw, encoding))
    ]
    return min(ranked, key=lambda one: one[0])[1] if ranked else None


def _oddities(text: str) -> int:
    """Count symbols and numbers beyond ASCII right after a small letter, as in ``og³osi³a``: signs of a wrong guess."""
    return sum(
        unicodedata.category(match.group()) in {"No", "Sm", "Sk", "So", "Cc", "Sc"} or match.group() in "¿¡"
        for match in _AFTER_LETTER.finditer(text)
    )

"""Text in, the edits out that undo its mojibake: UTF-8 that was read as something else somewhere on its way.

What is repaired and what is left is ftfy's judgement (its heuristic of what text can mean), line by line. Quotation marks,
ligatures and widths stay as they are, and nothing is normalised: these are no damage.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from copydesk.documents.draft import shrunk
from copydesk.model.document import Edit

if TYPE_CHECKING:
    from ftfy import TextFixerConfig

RULE = "text.mojibake"
# Mojibake is a character of two bytes or more that became two characters or more, none of them ASCII but perhaps the last: a no-break
# space, half of an "à" or of a no-break space, that became a space. These alone never begin one (ftfy takes "”é" for a letter of Abkhaz).
_INNOCENT = "“”‘’–—…•©®™\t\r\xa0\ufeff\u200b"
# What it was read as, as ftfy knows it, and which bytes begin a character in UTF-8 and which go on with it (all others are ASCII).
_READ_AS = ("latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "iso8859-2", "mac-roman", "cp437")
_FIRST, _LATER = (
    "".join(sorted({character for code in _READ_AS for character in numbers.decode(code, "ignore")}))
    for numbers in (bytes(range(0xC0, 0xF5)), bytes(range(0x80, 0xC0)))
)
_SUSPECT = "".join(character for character in _FIRST if character not in _INNOCENT) + "\ufffd"
_PAIR = re.compile(f"[{_SUSPECT}][{_LATER}\ufffd]")
_BLANKED = frozenset("\xc2\xc3\xe0\u0102\u0413")
_BEFORE_BLANK = re.compile(f"[{''.join(sorted(_BLANKED))}] ")
# What stands in every text that ``mojibake_edits`` changes, as both Python and RE2 read it.
MOJIBAKE = f"{_PAIR.pattern}|{_BEFORE_BLANK.pattern}|[\x80-\x9f]"
_CONTROL = re.compile(r"[\x80-\x9f]")
_SUSPECTS = frozenset(_SUSPECT).union(map(chr, range(0x80, 0xA0)))
# The kinds of bytes in UTF-8: ASCII, the later bytes of a character, and its first.
_BYTES = b"a" * 0x80 + b"l" * 0x40 + b"f" * 0x40
_SIDE_BY_SIDE = b"lf"
_REACH = 8  # characters; no sign of mojibake is longer than 6, and each has one beyond ASCII in it
_BEYOND_ASCII = re.compile(rf"[^\0-\x7f]+(?:[\0-\x7f]{{1,{_REACH}}}[^\0-\x7f]+)*")
_VISIBLE = re.compile(r"[!-~]+")


def may_be_mojibake(text: str, unusual: str) -> bool:
    """Whether it is worth asking ftfy; ``unusual`` are the characters of ``text`` that are not plain ASCII."""
    if _SUSPECTS.isdisjoint(unusual):
        return False
    is_pair = _has_neighbours(text) and _PAIR.search(text)
    is_blanked = not _BLANKED.isdisjoint(unusual) and _BEFORE_BLANK.search(text)
    return bool(is_pair or is_blanked or _CONTROL.search(unusual))


def _has_neighbours(text: str) -> bool:
    """Whether two characters beyond ASCII stand side by side: in most texts none do, and patterns need not read them."""
    return _SIDE_BY_SIDE in text.encode("utf-8", "surrogatepass").translate(_BYTES)


def mojibake_edits(text: str) -> list[Edit]:
    """Give the edits that repair each line of ``text``, as small as the visible ASCII around them allows."""
    edits: list[Edit] = []
    at = 0
    for line in text.split("\n"):
        if not line.isascii() and (_PAIR.search(line) or _BEFORE_BLANK.search(line) or _CONTROL.search(line)):
            fixed = _fixed(line)
            if fixed != line:
                edits += _differences(at, line, fixed)
        at += len(line) + 1
    return edits


def _fixed(line: str) -> str:
    import ftfy

    return ftfy.fix_encoding(line, _config()) if is_suspect(line) else line


def is_suspect(line: str) -> bool:
    """Whether ftfy's heuristic finds a sign of mojibake, which it would look for in all of a line and finds near what is not ASCII."""
    from ftfy.badness import is_bad

    return any(
        is_bad(line[max(0, match.start() - _REACH) : match.end() + _REACH]) for match in _BEYOND_ASCII.finditer(line)
    )


@cache
def _config() -> TextFixerConfig:
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )


def _differences(at: int, line: str, fixed: str) -> list[Edit]:
    """Give one edit for each stretch between visible ASCII that changed; one for the line if the repair touched ASCII too."""
    if _VISIBLE.findall(line) != _VISIBLE.findall(fixed):
        return [shrunk(at, line, fixed, rule=RULE)]
    before, after = _gaps(line), _gaps(fixed)
    return [
        shrunk(at + start, line[start:end], fixed[first:last], rule=RULE)
        for (start, end), (first, last) in zip(before, after, strict=True)
        if line[start:end] != fixed[first:last]
    ]


def _gaps(text: str) -> list[tuple[int, int]]:
    """Give the spans between the runs of visible ASCII, and those before the first and after the last."""
    inner = [place for match in _VISIBLE.finditer(text) for place in match.span()]
    places = [0, *inner, len(text)]
    return list(zip(places[::2], places[1::2], strict=True))

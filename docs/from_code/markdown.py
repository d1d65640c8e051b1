"""Markdown for what the code says: rows go in, a table comes out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """Write a text as code; an empty one as nothing."""
    return f"`{text}`" if text else ""


def prose(text: str) -> str:
    """Write plain text in one line: doubled backticks become single ones, and signs outside of code stay as they are."""
    parts = re.split(r"(`[^`]+`|\[[^]]+\]\([^)]+\))", " ".join(text.replace("``", "`").split()))
    return "".join(part if number % 2 else re.sub(r"[<>*_]", r"\\\g<0>", part) for number, part in enumerate(parts))


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    told = prose(text)
    return f"{told[:1].upper()}{told[1:]}" + ("" if not told or told.endswith((".", "?", "!")) else ".")

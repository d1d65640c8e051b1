"""Names of labels go in, a whole labelling schema comes out that can be used at once and is meant to be written on."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

KEYS = "1234567890qwertasdfgzxcvbyhnijklmop"  # in the order in which a hand finds them
_TURN = 0.618034  # of the circle of colours from one to the next: neighbours never look alike


def new_schema(name: str, labels: Sequence[str]) -> dict[str, Any]:
    """Give a schema of these labels as parsed TOML: a key and a colour for each, and a definition to be written on."""
    keys = free_keys(())
    return {
        "name": name,
        "version": "1.0.0",
        "title": name.replace("-", " ").replace("_", " ").capitalize(),
        "overlap": "nested",
        "labels": [new_label(label, key=next(keys, ""), place=place) for place, label in enumerate(labels)],
    }


def new_label(name: str, *, key: str, place: int) -> dict[str, Any]:
    """Give one label as parsed TOML. Where no key is free, ``key`` is empty and the reader of schemas says so."""
    definition = f"{name.replace('_', ' ').capitalize()}: say here in one sentence what is marked."
    return {"name": name, "hotkey": key, "colour": colour(place), "definition": definition}


def free_keys(taken: Sequence[str]) -> Iterator[str]:
    """Give the keys that the editor does not use itself and nothing else has, the nearest first."""
    return (key for key in KEYS if key not in taken)


def colour(place: int) -> str:
    """Give the n-th colour as ``#rrggbb``."""
    parts = colorsys.hls_to_rgb(place * _TURN % 1, 0.42 + 0.13 * (place % 3), 0.65)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def new_guidelines(data: Mapping[str, Any]) -> str:
    """Give guidelines (Markdown) that name everything in a schema; who decides what is meant writes on them."""
    lines = [f"# {data['title']}: how to mark an article", "", "## In one minute", ""]
    lines += [
        "- Read the whole article once before you mark anything.",
        "- Mark **every** mention, not only the first.",
    ]
    lines += ["- Mark what the article says, not what you know."]
    for label in data.get("labels", []):
        lines += ["", f"## {label['name']}, key {label['hotkey'] or '-'}", "", f"- {_text(label['definition'])}"]
        lines += [f"- Example: these [words]{{{label['name']}}} are marked, and the rest is not."]
    for heading, name in (
        ("Relations", "relations"),
        ("What is said of spans", "attributes"),
        ("The document", "categories"),
    ):
        rows = data.get(name, [])
        lines += ["", f"## {heading}", ""] if rows else []
        lines += [f"- **{row['name']}**: {_text(row['definition'])}{_choices(row)}" for row in rows]
    return "\n".join(lines) + "\n"


def _text(said: str) -> str:
    """Write a text so that Markdown, and the notation of examples, take nothing in it for a mark."""
    return re.sub(r"[\\\[\]{}*`<]", r"\\\g<0>", " ".join(said.split()))


def _choices(row: Mapping[str, Any]) -> str:
    names = ", ".join(f"*{_text(one['name'])}*" for one in row.get("choices", []))
    return f" One of {names}." if names else ""

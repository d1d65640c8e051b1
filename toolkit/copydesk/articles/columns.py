"""The names of a table's columns in, which of them is the text, the title and so on out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

from copydesk.model.reading import Columns

ROLES = tuple(one.name for one in fields(Columns))
_SEPARATORS = re.compile(r"[\s.\-]+")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The column of each role that was found; ``fault`` says what is wrong where the article itself cannot be found."""

    by_role: Mapping[str, str]
    stated_id: bool = False
    fault: str = ""


@cache
def usual_names() -> Mapping[str, Sequence[str]]:
    """Read ``columns.toml`` of this folder."""
    return tomllib.loads(resources.files("copydesk.articles").joinpath("columns.toml").read_text("utf-8"))


def resolve(names: Sequence[str], columns: Columns) -> Resolved:
    """Find the column of each role: the stated one, else the first of the usual names; none serves two roles."""
    stated = {role: name for role in ROLES if (name := getattr(columns, role))}
    missing = [f"{role} = {name!r}" for role, name in stated.items() if name not in names]
    by_role = {role: name for role, name in stated.items() if name in names}
    by_plain = {_plain(name): name for name in reversed(names)}
    for role in ROLES:
        free = (by_plain[name] for name in usual_names()[role] if name in by_plain)
        found = next((name for name in free if name not in by_role.values()), None)
        if found and role not in stated:
            by_role[role] = found
    if {"text", "html"} & set(stated):  # who says where the article stands does not want another guessed
        by_role = {role: name for role, name in by_role.items() if role in stated or role not in {"text", "html"}}
    fault = _fault(names, missing=missing, found=by_role)
    return Resolved(by_role, stated_id="id" in stated, fault=fault)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("_", name.strip().lower())


def _fault(names: Sequence[str], *, missing: Sequence[str], found: Mapping[str, str]) -> str:
    if {"text", "html"} & set(found):
        return ""
    listed = ", ".join(names[:40]) + (" …" if len(names) > 40 else "")
    what = f"there is no column {' or '.join(missing)}" if missing else "no column looks like the article's text"
    fix = 'name it under [ingest.columns] in copydesk.toml, such as text = "…" or html = "…"'
    return f"{what}; there are: {listed or 'none'} (fix: {fix})"

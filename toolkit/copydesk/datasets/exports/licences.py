"""Which articles may be passed on: a licence as a document states it goes in, yes or no comes out."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?creativecommons\.org/(licenses|publicdomain)/(.+?)/?(?:deed\.\w+|legalcode)?"
)
_OTHER = re.compile(r"[^a-z0-9.]+")
_NAMED = {"zero": "cc0", "mark": "public-domain-mark"}


def may_pass_on(licence: str | None) -> bool:
    """Say whether the text of an article under this licence may be passed on; where none is stated, it may not."""
    return _permitted().fullmatch(_plain(licence or "")) is not None


def _plain(licence: str) -> str:
    said = licence.strip().lower()
    found = _ADDRESS.fullmatch(said)
    if found:
        kind, *rest = _OTHER.split(found[2].strip("/"))
        said = "-".join([_NAMED.get(kind, kind) if found[1] == "publicdomain" else f"cc-{kind}", *rest])
    return _OTHER.sub("-", said).strip("-")


@cache
def _permitted() -> re.Pattern[str]:
    listed = tomllib.loads(resources.files(__package__).joinpath("licences.toml").read_text(encoding="utf-8"))
    return re.compile("|".join(f"(?:{one})" for one in listed["permitted"]))

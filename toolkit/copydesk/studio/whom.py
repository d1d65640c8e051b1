"""Who is named in an exported file goes in, the pseudonyms that a pull would give them come out; their addresses are forgotten.

Label Studio names people in several ways: by number, by an object with number and e-mail address, by the address alone; other
tools write a name. A number means somebody on one server, so it is only believed to be one of ours where the file is of our own
project (``scope``); an address means the same person everywhere.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.studio.people import OWN, Known, digest_of_email, pseudonym_of, read_known, write_known

ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)*")
REMOVED = "[e-mail]"


class Whom(NamedTuple):
    """Somebody as a file names them: any of an id on the server, an e-mail address and a name."""

    user_id: int = 0
    email: str = ""
    name: str = ""


def whom(value: object) -> Whom:
    """Read who is named, in whichever shape; nobody is ``Whom()``."""
    if isinstance(value, Mapping):
        number, email = value.get("id", value.get("pk")), value.get("email")
        said = str(email or value.get("username") or "").strip()
        there = ADDRESS.fullmatch(said)
        return Whom(_number(number), said.lower() if there else "", "" if there or _number(number) else said)
    if isinstance(value, str) and value.strip():
        found = ADDRESS.search(value)
        if found:
            return Whom(email=found.group().lower())
        return Whom(user_id=int(value)) if re.fullmatch(r"[1-9][0-9]{0,17}", value) else Whom(name=value.strip())
    return Whom(_number(value))


def pseudonyms_of(people: Iterable[Whom], *, scope: str, file: Path) -> dict[Whom, str]:
    """Give everybody's pseudonym, those that ``file`` knows and new ones, in a fixed order; nobody gets none.

    ``scope`` is ``OWN`` where ids are those of the workspace's own server, else it names the project. New people are written to
    ``file`` with a digest in place of their address.
    """
    known = read_known(file)
    named = sorted({one for one in people if any(one)}, key=_order)
    if any(one.email or one.name for one in named) and not known.salt:
        known = replace(known, salt=secrets.token_hex(16))
    before = len(known.others)
    found: dict[Whom, str] = {}
    by_id: dict[int, str] = {}  # who is named by number in one place may be named by address in another
    for one in named:
        met = None if one.email else by_id.get(one.user_id)
        pseudonym = met or _known_as(one, known, scope)
        if not pseudonym:
            pseudonym = known.next_pseudonym()
            known = replace(known, others=(*known.others, _entry(one, pseudonym, known.salt, scope)))
        found[one] = pseudonym
        if one.email and one.user_id:
            by_id.setdefault(one.user_id, pseudonym)
    if len(known.others) > before:
        write_known(file, known)
    return found


def without_addresses(value: Any, people: Mapping[str, str], *, noted: bool = False) -> Any:
    """Give a result without e-mail addresses: those of ``people`` (in small letters) become pseudonyms, and in notes about a region
    (``meta``) any other one is removed. Words of the article (``value.text`` of a region) stay as they are.
    """
    if isinstance(value, str):
        if "@" not in value:
            return value
        return ADDRESS.sub(lambda met: people.get(met.group().lower()) or (REMOVED if noted else met.group()), value)
    if isinstance(value, list):
        return [without_addresses(one, people, noted=noted) for one in value]
    if isinstance(value, Mapping):
        quoted = isinstance(value.get("text"), str) and "start" in value and not noted
        return {
            name: one
            if quoted and name == "text"
            else without_addresses(one, people, noted=noted or name in {"meta", "history"})
            for name, one in value.items()
        }
    return value


def _order(one: Whom) -> tuple[bool, bool, Whom]:
    """Who is named by address goes first, and by number, too, before all others."""
    return not one.email, not one.user_id, one


def _known_as(one: Whom, known: Known, scope: str) -> str | None:
    if one.email:
        met = known.by_email(one.email)
    elif one.name:
        digest = _digest(one, known.salt, scope)
        met = next((other for other in known.others if other.get("digest") == digest), None)
    elif scope == OWN:
        return pseudonym_of({"id": one.user_id, "email": ""}, known)
    else:
        mine = (other for other in known.others if other.get("scope") == scope)
        met = next((other for other in mine if other["user_id"] == one.user_id), None)
    return str(met["pseudonym"]) if met else None


def _entry(one: Whom, pseudonym: str, salt: str, scope: str) -> dict[str, Any]:
    entry = {"user_id": one.user_id, "email": "", "pseudonym": pseudonym, "scope": scope}
    return {**entry, "digest": _digest(one, salt, scope)} if one.email or one.name else entry


def _digest(one: Whom, salt: str, scope: str) -> str:
    return digest_of_email(one.email or f"{scope} {one.name}", salt)


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else 0

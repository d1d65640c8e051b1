"""Annotators' accounts: names go in; accounts on the server, their passwords in a 0600 file and pseudonyms come out.

Label Studio's interface for making users makes them without a password, so accounts are made the way a guest would: through
the invitation link and the sign-up form. The file is ``{"people": [...], "others": [...]}``: the first are ours, the second
are accounts that somebody else made, of whom only the pseudonym is kept. Who is known from an exported file alone stands among
the second with a salted digest in place of the e-mail address (``named``).
"""

from __future__ import annotations

import hashlib
import html
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from copydesk.errors import StoreError, StudioBroken, StudioRefused, StudioUnauthorized, UnknownError, UsageError
from copydesk.store import read_secrets, write_json
from copydesk.studio.client import Studio
from copydesk.studio.connection import open_http
from copydesk.studio.faults import FOREIGN, fail, status_of

OWN = "own"  # the scope of an id that is one of the workspace's own server
DOMAIN = "copydesk.invalid"  # a name that can never receive mail (RFC 2606)
_FIX_DISABLE = "use the token of the organisation's owner: nobody else can take people out, and nobody themselves (Label Studio: Organization)"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_FORM_ERROR = re.compile(r"<li>\s*([^<]+?)\s*</li>")


@dataclass(frozen=True, slots=True)
class Person:
    """An annotator. ``user_id`` 0 and an empty ``token`` mean that the account is not made yet, or was interrupted.

    Who is ``disabled`` is no member of the organisation any more; labels and pseudonym stay.
    """

    name: str
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    user_id: int
    pseudonym: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the file holds.

    Of who is known from an exported file, ``others`` has ``scope``: ``own`` where the id is one of the workspace's own server, else
    the project whose ids are meant; and ``digest`` in place of an e-mail address.
    """

    people: tuple[Person, ...]
    others: tuple[Mapping[str, Any], ...]
    salt: str = ""  # of the digests of e-mail addresses; there as soon as there is one

    def person(self, email: str) -> Person | None:
        """Find one of ours by the e-mail address."""
        return next((person for person in self.people if person.email == email), None)

    def everybody(self) -> list[Mapping[str, Any]]:
        """Give ours, then the others."""
        return [*map(asdict, self.people), *self.others]

    def by_email(self, email: str) -> Mapping[str, Any] | None:
        """Find somebody by the e-mail address, or by its digest where the address is not kept."""
        digest = digest_of_email(email, self.salt) if self.salt else ""
        return next(
            (one for one in self.everybody() if one["email"] == email or (digest and one.get("digest") == digest)),
            None,
        )

    def next_pseudonym(self) -> str:
        """Give the first pseudonym that nobody had."""
        used = [person.pseudonym for person in self.people] + [other["pseudonym"] for other in self.others]
        return f"A{1 + max((int(name[1:]) for name in used), default=0)}"

    def with_person(self, person: Person) -> Known:
        """Give the same with a person added, or replaced by the address."""
        if self.person(person.email) is None:
            return replace(self, people=(*self.people, person))
        return replace(self, people=tuple(person if one.email == person.email else one for one in self.people))


def add_people(studio: Studio, names: Sequence[str], *, file: Path) -> list[Person]:
    """Make an account for each name that has none, and give the people in the order of the names.

    The password is written to ``file`` before the account is made, and the file again after each person: whatever is
    interrupted, the next call finishes it, and makes nobody twice. A name in other capitals is the same name. Raises
    UsageError for a name that cannot be one, StudioRefused where the server has an account of that name that is not in
    ``file``, and other StudioErrors.
    """
    names = _checked(names)
    accounts = {user["email"]: user for user in studio.get("api/users/")}
    people = []
    for name in names:
        person = _intended(name, file=file, accounts=accounts)
        if not _works(studio, person):
            person = _with_account(studio, person, exists=person.email in accounts)
            write_known(file, read_known(file).with_person(person))
        people.append(person)
    return people


def disable_people(studio: Studio, names: Sequence[str], *, file: Path) -> None:
    """Take people out of the organisation: they can log in, and see and change nothing any more, with any token.

    A name is that of a person in ``file``, or the e-mail address of any account. What they annotated stays, under their
    pseudonym, and the tasks that they had locked are free. The account is not deleted, since with it the server would forget whose
    the annotations are; it cannot be taken in again, and who is out already stays so. Raises UnknownError, before anybody is taken
    out, where there is no such account; StudioRefused where the token is not the owner's, or is that person's own.
    """
    users = studio.get("api/users/")
    names_by_id = pseudonyms(users, file)  # written down while the server still tells e-mail addresses
    meant = [_user_meant(name, users=users, file=file) for name in names]
    for user_id in meant:
        organization = studio.get("api/current-user/whoami")["active_organization"]
        try:
            studio.delete(f"api/organizations/{organization}/memberships/{user_id}/")
        except StudioRefused as error:
            if status_of(error) != httpx.codes.NOT_FOUND:
                raise StudioRefused(error.message, fix=_FIX_DISABLE) from error
        known = read_known(file)
        disabled = [replace(one, disabled=True) for one in known.people if one.pseudonym == names_by_id[user_id]]
        for person in disabled:
            known = known.with_person(person)
        write_known(file, known)


def _user_meant(name: str, *, users: Sequence[Mapping[str, Any]], file: Path) -> int:
    email = name.lower() if "@" in name else f"{name.lower()}@{DOMAIN}"
    found = next((user["id"] for user in users if str(user.get("email")).lower() == email), None)
    if found is None:  # the server has forgotten the address of who is out already
        out = {user["id"] for user in users if not _address(user)}
        found = next((one["user_id"] for one in read_known(file).everybody() if one["email"] == email), None)
        found = found if found in out else None
    if found is None:
        raise UnknownError(f"there is no account {email} on the server", fix="see copydesk people list")
    return int(found)


def read_people(file: Path) -> list[Person]:
    """Read the people whose accounts were made, or begun, in the order in which they were added."""
    return list(read_known(file).people)


def called(file: Path, name: str) -> str:
    """Give the pseudonym of who is called so: by name, e-mail address or pseudonym; raises UnknownError where nobody is."""
    for one in read_known(file).everybody():
        if one["pseudonym"] and name in {one["pseudonym"], one["email"], one.get("name")}:
            return str(one["pseudonym"])
    raise UnknownError(f"nobody is called {name!r} here", fix="copydesk people list")


def pseudonyms(users: Iterable[Mapping[str, Any]], file: Path) -> Mapping[int, str]:
    """Give each user's pseudonym by user id: ``A1``, ``A2``, …; one who has none gets the next, in the order of the ids.

    ``users`` are Label Studio's (``id``, and ``email`` where it is known). A user is recognised by e-mail, since another
    server gives the same ids to other people, and by id only where there is no e-mail: of who was taken out of the organisation
    the server says ``Deleted`` in its place.
    """
    users = [{**user, "email": _address(user)} for user in users]
    live = {user["email"] for user in users}
    known = read_known(file)
    found: dict[int, str] = {}
    others = list(known.others)
    for user in sorted(users, key=lambda user: int(user["id"])):
        current = replace(known, others=tuple(others))
        pseudonym = pseudonym_of(user, current, live=live)
        if pseudonym is None:
            pseudonym = current.next_pseudonym()
            others.append({"user_id": user["id"], "email": user.get("email") or "", "pseudonym": pseudonym})
        others = [_with_address(one, user, pseudonym) for one in others]
        found[int(user["id"])] = pseudonym
    if others != list(known.others):
        write_known(file, replace(known, others=tuple(others)))
    return found


def addresses(users: Iterable[Mapping[str, Any]], file: Path) -> dict[int, str]:
    """Give users' e-mail addresses by id; of who was taken out of the organisation, as ``file`` has it, or else empty."""
    known = read_known(file)
    listed = list(users)
    live = {user["email"] for user in listed if _address(user)}
    out = {one["user_id"]: one["email"] for one in known.everybody() if one["email"] and one["email"] not in live}
    return {int(user["id"]): _address(user) or out.get(user["id"], "") for user in listed}


def _address(user: Mapping[str, Any]) -> str:
    email = user.get("email") or ""
    return email if "@" in email else ""


def _with_address(one: Mapping[str, Any], user: Mapping[str, Any], pseudonym: str) -> Mapping[str, Any]:
    """Note the address of who was known by number alone, so that the number means nobody else later."""
    if (
        one["pseudonym"] != pseudonym
        or one.get("scope") != OWN
        or one["email"]
        or one.get("digest")
        or not user["email"]
    ):
        return one
    return {**one, "email": user["email"]}


def pseudonym_of(user: Mapping[str, Any], known: Known, *, live: Collection[str] = ()) -> str | None:
    """Find a user by e-mail, or else by id among those whose e-mail is nobody's on the server now.

    Who is known from an exported file by number alone is found by that number, if it was one of this server.
    """
    own = [one for one in known.everybody() if one.get("scope", OWN) == OWN]
    if user["email"]:
        met = known.by_email(user["email"])
        numbered = (one for one in own if one.get("scope") and not one["email"] and not one.get("digest"))
        by_id = (one for one in numbered if one["user_id"] == user["id"])
        return (met or next(by_id, {})).get("pseudonym")
    same = (one for one in own if one["user_id"] == user["id"] and (not one["email"] or one["email"] not in live))
    return next((one["pseudonym"] for one in same), None)


def _checked(names: Sequence[str]) -> list[str]:
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be the name of an annotator",
                fix="use up to 40 letters (a-z), digits, - and _, beginning with a letter or digit",
            )
    return list({name.lower(): name for name in reversed(names)}.values())[::-1]


def _intended(name: str, *, file: Path, accounts: Mapping[str, Any]) -> Person:
    """Give the person of this name as the file has them, and write down a new one before anything is done on the server."""
    known = read_known(file)
    email = f"{name.lower()}@{DOMAIN}"
    person = known.person(email)
    if person is not None and person.disabled:
        raise StudioRefused(
            f"{name} was disabled, and Label Studio takes no account in again", fix=f"choose another name than {name}"
        )
    if person is not None:
        return person
    if email in accounts:
        raise StudioRefused(
            f"the server has an account {email} already, whose password is not in {file}",
            fix=f"choose another name than {name}, or put the file back that has it",
        )
    pseudonym = pseudonym_of({"id": 0, "email": email}, known) or known.next_pseudonym()
    person = Person(name, email, password=secrets.token_urlsafe(18), token="", user_id=0, pseudonym=pseudonym)
    write_known(file, known.with_person(person))
    return person


def _works(studio: Studio, person: Person) -> bool:
    """Say whether the person's token opens their account on this very server."""
    if not person.token:
        return False
    try:
        with studio.as_person(person.token) as own:
            who = own.whoami()
    except StudioUnauthorized:
        return False
    return bool(who["email"] == person.email and who["id"] == person.user_id)


def _with_account(studio: Studio, person: Person, *, exists: bool) -> Person:
    with _Visit(studio) as visit:
        if exists:
            visit.log_in(person)
        else:
            visit.sign_up(person, invitation=studio.get("api/invite")["token"])
        user_id = visit.call("GET", "api/current-user/whoami")["id"]
        return replace(person, user_id=user_id, token=_own_token(visit))


def _own_token(visit: _Visit) -> str:
    """Give the legacy token of who is logged in, or a new personal one where the organisation has switched those off."""
    legacy: str = visit.call("GET", "api/current-user/token")["token"]
    try:
        with visit.studio.as_person(legacy) as own:
            own.whoami()
    except StudioUnauthorized:
        for token in visit.call("GET", "api/token/"):  # one is allowed for each user, and cannot be read again
            visit.call("POST", "api/token/blacklist/", json={"refresh": token["token"]})
        return str(visit.call("POST", "api/token/")["token"])
    return legacy


class _Visit:
    """What a person does in a browser: forms and a session cookie, over the same door and with the same errors."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.url = studio.url
        self._http = open_http(studio.url, studio.connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def sign_up(self, person: Person, *, invitation: str) -> None:
        self._form("user/signup/", person, params={"token": invitation})

    def log_in(self, person: Person) -> None:
        self._form("user/login/", person, params={})

    def call(self, method: str, path: str, *, json: object = None) -> Any:
        response = self._send(method, path, json=json)
        try:
            return response.json() if response.content.strip() else None
        except ValueError as error:
            raise StudioBroken(
                f"{self.url} answers {method} {path} with something that is not JSON", fix="check the server's address"
            ) from error

    def _form(self, path: str, person: Person, *, params: Mapping[str, str]) -> None:
        self._send("GET", path, params=params)
        fields = {"email": person.email, "password": person.password, "csrfmiddlewaretoken": self._csrf()}
        response = self._send("POST", path, params=params, data=fields)
        if not response.is_redirect:  # a form that is not taken is shown again, with what is wrong
            wrong = "; ".join(html.unescape(found) for found in _FORM_ERROR.findall(response.text))
            raise StudioRefused(
                f"{self.url}{path} does not take {person.email}: {wrong or 'the password is not the one of the file'}",
                fix="choose another name, or put the file back that has this person's password",
            )

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        url = self.url + path
        headers = {"Referer": url, "X-CSRFToken": self._csrf()}  # Django asks for both
        try:
            response = self._http.request(method, url, headers=headers, **options)
            if response.status_code >= 400:
                raise httpx.HTTPStatusError("refused", request=response.request, response=response)
        except FOREIGN as error:
            fail(error, base=self.url, method=method, path=path)
        return response

    def _csrf(self) -> str:
        return next((cookie.value or "" for cookie in self._http.cookies.jar if cookie.name == "csrftoken"), "")


def digest_of_email(email: str, salt: str) -> str:
    """SHA-256 of a salt and an e-mail address, by which somebody is recognised whose address is not kept."""
    return hashlib.sha256(f"{salt}|{email.strip().lower()}".encode("utf-8", "surrogatepass")).hexdigest()


def read_known(file: Path) -> Known:
    """Read what the file holds; raises StoreError where it is damaged."""
    held = read_secrets(file, keys=["people"])
    try:
        people = tuple(Person(**entry) for entry in held.get("people", []))
        known = Known(
            people,
            tuple(
                {key: one[key] for key in ("user_id", "email", "pseudonym")}
                | {key: str(one[key]) for key in ("digest", "scope") if key in one}
                for one in held.get("others", [])
            ),
            str(held.get("salt", "")),
        )
        known.next_pseudonym()  # every pseudonym is a number
        return known
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{file} is damaged: {error}", fix="restore it, or remove it and add the people again"
        ) from error


def write_known(file: Path, known: Known) -> None:
    """Write what the file holds."""
    people = [asdict(person) for person in known.people]
    salt = {"salt": known.salt} if known.salt else {}
    write_json(file, {"people": people, "others": list(known.others), **salt}, mode=0o600)

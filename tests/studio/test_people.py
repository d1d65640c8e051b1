from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk import errors
from copydesk.store import read_secrets, write_json
from copydesk.studio import people
from copydesk.studio.client import Studio
from copydesk.studio.people import Person, add_people, disable_people, pseudonyms, read_people
from copydesk.studio.server import Server

pytestmark = pytest.mark.studio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.json"


@pytest.fixture
def new_name(studio: Studio) -> Callable[[], str]:
    def make() -> str:
        return f"reader-{len(studio.get('api/users/'))}"

    return make


def accounts(studio: Studio, email: str) -> list[dict[str, Any]]:
    return [user for user in studio.get("api/users/") if user["email"] == email]


def logs_in(server: Server, person: Person) -> bool:
    with httpx.Client(trust_env=False) as browser:
        page = f"{server.url}user/login/"
        browser.get(page)
        fields = {
            "email": person.email,
            "password": person.password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        return browser.post(page, data=fields, headers={"Referer": page}).status_code == 302


def test_an_added_person_opens_the_door_by_form_and_by_token(
    studio: Studio, studio_server: Server, file: Path, new_name: Callable[[], str]
) -> None:
    name = new_name()
    (person,) = add_people(studio, [name], file=file)
    assert person.email == f"{name}@copydesk.invalid"
    assert logs_in(studio_server, person)
    with Studio(studio_server.url, person.token) as own:
        who = own.whoami()
    assert (who["id"], who["email"]) == (person.user_id, person.email)


def test_a_wrong_password_does_not_log_in(
    studio: Studio, studio_server: Server, file: Path, new_name: Callable[[], str]
) -> None:
    from dataclasses import replace

    (person,) = add_people(studio, [new_name()], file=file)
    assert not logs_in(studio_server, replace(person, password="something-else"))


def test_adding_twice_makes_nobody_twice(studio: Studio, file: Path, new_name: Callable[[], str]) -> None:
    name = new_name()
    first = add_people(studio, [name], file=file)
    before = file.read_bytes()
    assert add_people(studio, [name, name.upper()], file=file) == first
    assert file.read_bytes() == before
    assert len(accounts(studio, first[0].email)) == 1


def test_only_the_owner_can_read_the_file(studio: Studio, file: Path, new_name: Callable[[], str]) -> None:
    add_people(studio, [new_name()], file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_kill_before_the_account_was_made_is_made_good(
    studio: Studio, file: Path, new_name: Callable[[], str]
) -> None:
    name = new_name()
    person = people._intended(name, file=file, accounts={})  # the file is written, and then the kill comes
    assert read_people(file) == [person]
    (added,) = add_people(studio, [name], file=file)
    assert added.password == person.password
    assert len(accounts(studio, added.email)) == 1


def test_a_kill_after_the_account_was_made_is_made_good(
    studio: Studio, studio_server: Server, file: Path, new_name: Callable[[], str]
) -> None:
    name = new_name()
    person = people._intended(name, file=file, accounts={})
    people._with_account(studio, person, exists=False)  # and then the kill comes, before the file is written
    assert read_people(file)[0].user_id == 0
    (added,) = add_people(studio, [name], file=file)
    assert logs_in(studio_server, added)
    assert added.user_id
    assert added.token
    assert read_people(file) == [added]
    assert len(accounts(studio, added.email)) == 1


def test_a_token_that_was_reset_is_fetched_anew(
    studio: Studio, studio_server: Server, file: Path, new_name: Callable[[], str]
) -> None:
    name = new_name()
    (person,) = add_people(studio, [name], file=file)
    with Studio(studio_server.url, person.token) as own:
        own.post("api/current-user/reset-token/", json={})
    (again,) = add_people(studio, [name], file=file)
    assert again.token != person.token
    with Studio(studio_server.url, again.token) as own:
        assert own.whoami()["id"] == person.user_id


def test_people_get_personal_tokens_where_legacy_ones_are_off(
    studio: Studio, studio_server: Server, file: Path, new_name: Callable[[], str]
) -> None:
    for token in studio.get("api/token/"):
        studio.post("api/token/blacklist/", json={"refresh": token["token"]})
    rules = studio.get("api/jwt/settings")
    with Studio(studio_server.url, studio.post("api/token/")["token"]) as owner:
        owner.post("api/jwt/settings", json={**rules, "legacy_api_tokens_enabled": False})
        try:
            name = new_name_without(owner)
            (person,) = add_people(owner, [name], file=file)
            assert person.token.startswith("eyJ")
            assert add_people(owner, [name], file=file) == [person]
            forget_token(file)
            (again,) = add_people(owner, [name], file=file)
            assert again.token != person.token
            with Studio(studio_server.url, again.token) as own:
                assert own.whoami()["email"] == person.email
        finally:
            owner.post("api/jwt/settings", json={**rules, "legacy_api_tokens_enabled": True})


def new_name_without(owner: Studio) -> str:
    return f"reader-{len(owner.get('api/users/'))}"


def forget_token(file: Path) -> None:
    held = read_secrets(file)
    held["people"][0]["token"] = ""
    write_json(file, held, mode=0o600)


def test_an_account_that_is_not_ours_is_refused_and_nothing_is_written(
    studio: Studio, file: Path, tmp_path: Path, new_name: Callable[[], str]
) -> None:
    name = new_name()
    add_people(studio, [name], file=tmp_path / "elsewhere.json")
    with pytest.raises(errors.StudioRefused) as caught:
        add_people(studio, [name], file=file)
    assert name in str(caught.value)
    assert not file.exists()


def test_a_password_that_is_no_longer_the_account_s_is_an_error_that_says_so(
    studio: Studio, file: Path, new_name: Callable[[], str]
) -> None:
    name = new_name()
    (person,) = add_people(studio, [name], file=file)
    held = read_secrets(file)
    held["people"][0].update(password="forgotten", token="")
    write_json(file, held, mode=0o600)
    with pytest.raises(errors.StudioRefused, match="password is not") as caught:
        add_people(studio, [name], file=file)
    assert person.email in str(caught.value)
    assert "forgotten" not in str(caught.value)


def test_what_the_sign_up_form_says_is_in_the_error(studio: Studio, file: Path, new_name: Callable[[], str]) -> None:
    (person,) = add_people(studio, [new_name()], file=file)
    with pytest.raises(errors.StudioRefused, match="User with this email already exists"):
        people._with_account(studio, person, exists=False)


def test_those_before_an_error_are_kept(
    studio: Studio, file: Path, tmp_path: Path, new_name: Callable[[], str]
) -> None:
    strange = new_name()
    add_people(studio, [strange], file=tmp_path / "elsewhere.json")
    with pytest.raises(errors.StudioRefused):
        add_people(studio, [f"{strange}-b", strange], file=file)
    (kept,) = read_people(file)
    assert kept.name == f"{strange}-b"
    assert kept.token


@pytest.mark.parametrize("name", ["", "a b", "ä", "a@b", "-a", "../x", "a" * 41, "a\n"])
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_asked(file: Path, name: str) -> None:
    with Studio("http://127.0.0.1:1", "token") as nobody, pytest.raises(errors.UsageError) as caught:
        add_people(nobody, ["anna", name], file=file)
    assert repr(name) in str(caught.value)
    assert not file.exists()


def test_people_are_numbered_as_they_are_added(studio: Studio, file: Path, new_name: Callable[[], str]) -> None:
    name = new_name()
    added = add_people(studio, [f"{name}-z", f"{name}-a"], file=file)
    assert [person.pseudonym for person in added] == ["A1", "A2"]
    users = studio.get("api/users/")
    found = pseudonyms(users, file)
    assert {person.user_id: person.pseudonym for person in added}.items() <= found.items()
    assert len(set(found.values())) == len(users)


def test_a_secret_is_not_in_the_repr_of_a_person(studio: Studio, file: Path, new_name: Callable[[], str]) -> None:
    (person,) = add_people(studio, [new_name()], file=file)
    assert person.password not in repr(person)
    assert person.token not in repr(person)


@pytest.mark.parametrize(
    "held",
    [
        [],
        {},
        {"persons": []},
        {"people": 3},
        {"people": ["x"]},
        {"people": [{"nome": "x"}]},
        {"people": [], "others": [{}]},
        {"people": [], "others": [{"user_id": 1, "email": "", "pseudonym": "Noor"}]},
    ],
)
def test_a_damaged_file_is_named(file: Path, held: object) -> None:
    write_json(file, held, mode=0o600)
    with pytest.raises(errors.StoreError, match=r"people\.json"):
        read_people(file)


def test_another_server_s_ids_do_not_mix_up_people(file: Path) -> None:
    here = pseudonyms([{"id": 1, "email": "x@a"}, {"id": 2, "email": "y@a"}], file)
    there = pseudonyms([{"id": 1, "email": "y@a"}, {"id": 2, "email": "z@a"}], file)
    assert here == {1: "A1", 2: "A2"}
    assert there == {1: "A2", 2: "A3"}


def test_a_deleted_user_keeps_the_pseudonym_by_id(file: Path) -> None:
    before = pseudonyms([{"id": 1, "email": "x@a"}, {"id": 2, "email": "y@a"}], file)
    assert pseudonyms([{"id": 2, "email": ""}, {"id": 1}], file) == before


@settings(deadline=None, max_examples=50)
@given(seen=st.lists(st.lists(st.integers(1, 30), unique=True, max_size=8), max_size=6))
def test_a_pseudonym_once_given_stays_and_is_nobody_else_s(seen: list[list[int]], tmp_path_factory: Any) -> None:
    file = tmp_path_factory.mktemp("people") / "people.json"
    given_so_far: dict[int, str] = {}
    for ids in seen:
        found = pseudonyms([{"id": number, "email": f"{number}@x"} for number in ids], file)
        assert set(found) == set(ids)
        new = [number for number in sorted(ids) if number not in given_so_far]
        assert [found[number] for number in new] == [f"A{len(given_so_far) + 1 + i}" for i in range(len(new))]
        assert all(given_so_far.get(number, name) == name for number, name in found.items())
        given_so_far.update(found)
    if given_so_far:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(json.loads(file.read_bytes())["others"]) == len(given_so_far)


CONFIG = """<View><Labels name="entity" toName="text"><Label value="A"/><Label value="B"/></Labels>
<Text name="text" value="$text"/></View>"""


@pytest.mark.parametrize("kind", ["legacy", "personal"])
def test_who_is_disabled_sees_nothing_any_more_and_keeps_labels_and_pseudonym(
    studio: Studio, file: Path, new_name: Callable[[], str], make_project: Callable[..., dict[str, Any]], kind: str
) -> None:
    (one,) = add_people(studio, [new_name()], file=file)
    (other,) = add_people(studio, [new_name()], file=file)
    project = make_project(f"Disable {kind}", CONFIG)["id"]
    studio.post(f"api/projects/{project}/import", json=[{"data": {"text": "A text."}}])
    (task,) = studio.get("api/tasks/", params={"project": project})["tasks"]
    work = f"api/tasks/{task['id']}/annotations/"
    with studio.as_person(one.token) as own, studio.as_person(own.post("api/token/")["token"]) as personal:
        used = own if kind == "legacy" else personal
        used.post(work, json={"result": [], "ground_truth": False})
        names = pseudonyms(studio.get("api/users/"), file)
        disable_people(studio, [one.name, other.email], file=file)
        disable_people(studio, [one.name], file=file)
        for forbidden in (lambda: used.post(work, json={"result": []}), lambda: used.get(f"api/tasks/{task['id']}/")):
            with pytest.raises(errors.StudioError, match=r"40[34]|500"):  # it stumbles over a user of no organisation
                forbidden()
    assert [annotation["completed_by"] for annotation in studio.get(work)] == [one.user_id]
    after = pseudonyms(studio.get("api/users/"), file)
    assert after == names
    assert after[one.user_id] != after[other.user_id], "the server says 'Deleted' of both"
    assert [person.disabled for person in read_people(file)] == [True, True]
    with pytest.raises(errors.StudioRefused, match="choose another name"):
        add_people(studio, [one.name], file=file)


def test_nobody_is_disabled_where_one_of_the_names_is_unknown_or_where_it_is_oneself(
    studio: Studio, file: Path, new_name: Callable[[], str]
) -> None:
    (one,) = add_people(studio, [new_name()], file=file)
    with pytest.raises(errors.UnknownError, match="no account nobody@"):
        disable_people(studio, [one.name, "nobody"], file=file)
    with studio.as_person(one.token) as own, pytest.raises(errors.StudioRefused, match="owner"):
        disable_people(own, [studio.whoami()["email"]], file=file)
    with pytest.raises(errors.StudioRefused, match="nobody themselves"):
        disable_people(studio, [studio.whoami()["email"]], file=file)
    assert accounts(studio, one.email)
    assert not read_people(file)[0].disabled

"""Rules of the way to Label Studio: what goes wrong on it is one sentence with the fix, and leaves the workspace as it was."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from copydesk.errors import StudioRefused
from copydesk.flow.studio import pull
from copydesk.studio.client import Studio
from copydesk.studio.server import Server
from copydesk.workspace import Workspace

Shell = Callable[..., CompletedProcess[str]]
CASES = Path(__file__).parents[1] / "cases" / "connection" / "faults.toml"
FAULTS = tomllib.loads(CASES.read_text(encoding="utf-8"))["fault"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(made[0]), "-keyout", str(made[1])]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def desk(studio_server: Server, tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Path:
    """A workspace whose one document was pushed to the real server, labelled and pulled; one more label waits there."""
    folder = tmp_path_factory.mktemp("connection")
    assert shell("copydesk init desk && cd desk && copydesk ingest", cwd=folder).returncode == 0
    settings = folder / "desk" / "copydesk.toml"
    text = settings.read_text(encoding="utf-8").replace("my-articles", folder.name[:20])
    settings.write_text(text, encoding="utf-8")
    at = f"COPYDESK_STUDIO_URL={studio_server.url} COPYDESK_STUDIO_TOKEN={studio_server.token}"
    assert shell(f"{at} copydesk push", cwd=folder / "desk").returncode == 0
    return folder / "desk"


@pytest.fixture
def unpulled(desk: Path, studio: Studio) -> Path:
    """The same, with a change on the server that was not yet pulled."""
    task = _task(studio, desk)
    studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": [], "ground_truth": False})
    return desk


def _project(studio: Studio, desk: Path) -> dict[str, Any]:
    title = f"{desk.parent.name[:20]}: "
    found = studio.get("api/projects/", params={"title": title[:-2], "page_size": 100})["results"]
    (project,) = [one for one in found if one["title"].startswith(title)]
    return dict(project)


def _task(studio: Studio, desk: Path) -> dict[str, Any]:
    (task,) = studio.get("api/tasks/", params={"project": _project(studio, desk)["id"]})["tasks"]
    return dict(task)


def _files(desk: Path) -> dict[str, str]:
    """Give the digest of every file but the lock and what has a temporary name, which the next command clears."""
    state = desk / ".copydesk"
    files = [path.relative_to(state) for path in sorted(state.rglob("*")) if path.is_file() and path.name != "lock"]
    kept = [path for path in files if not any(part.startswith(".tmp-") for part in path.parts)]
    return {path.as_posix(): sha256((state / path).read_bytes()).hexdigest() for path in kept}


def _token(kind: str, studio: Studio, server: Server) -> str:
    if kind == "real":
        return server.token
    if kind in {"personal", "revoked"}:
        for held in studio.get("api/token/"):
            studio.post("api/token/blacklist/", json={"refresh": held["token"]})
        personal: str = studio.post("api/token/")["token"]
        if kind == "revoked":
            studio.post("api/token/blacklist/", json={"refresh": personal})
        return personal
    return {"wrong": "0" * 40, "none": ""}[kind]


@pytest.mark.parametrize("case", FAULTS, ids=[case["name"] for case in FAULTS])
def test_a_fault_is_one_sentence_with_its_fix_and_leaves_nothing_half_written(
    case: dict[str, Any],
    unpulled: Path,
    studio: Studio,
    studio_server: Server,
    make_front: Any,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    front = make_front(studio_server.url)
    front.answers = case.get("answers", {})
    token = _token(case.get("token", "real"), studio, studio_server)
    url = case.get("url", "{front}").replace("{front}", front.url)
    environment = (
        f"export COPYDESK_STUDIO_URL={url} COPYDESK_STUDIO_TOKEN={token} COPYDESK_STUDIO_PROXY={case.get('proxy', '')}"
    )
    before = _files(unpulled)
    done = shell(f"{environment}; {case.get('before', 'true')}; copydesk pull", cwd=unpulled)
    assert done.returncode == 3, done.stderr
    for said in case["said"]:
        assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not token or token not in done.stderr
    assert _files(unpulled) == before
    monkeypatch.setenv("COPYDESK_STUDIO_URL", studio_server.url)
    monkeypatch.setenv("COPYDESK_STUDIO_TOKEN", studio_server.token)
    assert pull(Workspace.open(unpulled), progress=lambda *_: None).counts["new"] >= 1


def test_a_second_personal_token_is_refused_and_the_fix_says_how_a_lost_one_is_replaced(
    studio: Studio, studio_server: Server
) -> None:
    _token("personal", studio, studio_server)
    with pytest.raises(StudioRefused, match="revoke it there first"):
        studio.post("api/token/")


def _at(url: str, token: str) -> str:
    return f"COPYDESK_STUDIO_URL={url} COPYDESK_STUDIO_TOKEN={token}"


@pytest.mark.parametrize("kind", ["real", "personal"])
def test_a_server_below_a_path_is_reached_with_a_token_of_either_kind(
    kind: str, unpulled: Path, studio: Studio, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front(studio_server.url, prefix="/label-studio")
    token = _token(kind, studio, studio_server)
    for url in (front.url, front.url.rstrip("/")):
        done = shell(f"{_at(url, token)} copydesk pull", cwd=unpulled)
        assert done.returncode == 0, done.stderr
    assert all(" /label-studio/api/" in asked for asked in front.seen)


def test_an_access_token_that_expires_in_the_middle_of_a_run_is_renewed(
    unpulled: Path, studio: Studio, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front(studio_server.url)
    front.expired = 1
    token = _token("personal", studio, studio_server)
    done = shell(f"{_at(front.url, token)} copydesk pull", cwd=unpulled)
    assert done.returncode == 0, done.stderr
    assert sum("api/token/refresh" in asked for asked in front.seen) == 2


def test_a_certificate_is_verified_and_one_s_own_authority_is_named(
    unpulled: Path, studio_server: Server, certificate: tuple[Path, Path], make_front: Any, shell: Shell
) -> None:
    front = make_front(studio_server.url, tls=certificate)
    command = f"{_at(front.url, studio_server.token)} copydesk pull"
    refused = shell(command, cwd=unpulled)
    assert (refused.returncode, "ca_bundle" in refused.stderr) == (3, True), refused.stderr
    assert not front.seen, "the token is sent to nobody who is not known"
    taken = shell(f"COPYDESK_STUDIO_CA_BUNDLE={certificate[0]} {command}", cwd=unpulled)
    assert taken.returncode == 0, taken.stderr
    other = front.url.replace("127.0.0.1", "localhost")
    named = shell(f"COPYDESK_STUDIO_CA_BUNDLE={certificate[0]} {command.replace(front.url, other)}", cwd=unpulled)
    assert (named.returncode, "ca_bundle" in named.stderr) == (3, True), named.stderr
    missing = shell(f"COPYDESK_STUDIO_CA_BUNDLE=not-there.pem {command}", cwd=unpulled)
    assert (missing.returncode, "not-there.pem" in missing.stderr) == (2, True), missing.stderr


def test_https_spoken_to_a_server_of_http_says_so(
    unpulled: Path, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    url = make_front(studio_server.url).url.replace("http:", "https:")
    done = shell(f"{_at(url, studio_server.token)} copydesk pull", cwd=unpulled)
    assert (done.returncode, "write http://" in done.stderr) == (3, True), done.stderr


def test_verification_cannot_be_switched_off(unpulled: Path, studio_server: Server, shell: Shell) -> None:
    settings = unpulled / "copydesk.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[studio]", "[studio]\nverify = false"), encoding="utf-8")
    done = shell(f"{_at(studio_server.url, studio_server.token)} copydesk pull", cwd=unpulled)
    settings.write_text(text, encoding="utf-8")
    assert (done.returncode, "ca_bundle" in done.stderr) == (2, True), done.stderr


def test_a_proxy_is_taken_from_the_settings_and_none_means_none(
    unpulled: Path, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front(studio_server.url)
    command = f"{_at(studio_server.url, studio_server.token)} copydesk pull"
    assert shell(f"COPYDESK_STUDIO_PROXY={front.url} {command}", cwd=unpulled).returncode == 0
    assert front.seen
    assert all(f" {studio_server.url}api/" in asked for asked in front.seen)
    dead = "HTTP_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9"
    assert shell(f"{dead} COPYDESK_STUDIO_PROXY=none {command}", cwd=unpulled).returncode == 0
    wrong = shell(f"COPYDESK_STUDIO_PROXY=nonsense {command}", cwd=unpulled)
    assert (wrong.returncode, "nonsense" in wrong.stderr) == (2, True), wrong.stderr


def test_an_untested_server_is_taken_where_the_settings_say_so(
    unpulled: Path, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front(studio_server.url)
    front.answers = {"/api/version": {"body": '{"release": "1.20.0"}'}}
    settings = unpulled / "copydesk.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[studio]", "[studio]\nuntested = true"), encoding="utf-8")
    done = shell(f"{_at(front.url, studio_server.token)} copydesk pull", cwd=unpulled)
    settings.write_text(text, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_a_project_that_is_gone_is_told_and_what_was_pulled_is_kept(
    unpulled: Path, studio: Studio, studio_server: Server, shell: Shell
) -> None:
    command = f"{_at(studio_server.url, studio_server.token)} copydesk pull"
    assert shell(command, cwd=unpulled).returncode == 0
    studio.delete(f"api/projects/{_project(studio, unpulled)['id']}/")
    before = _files(unpulled)
    done = shell(command, cwd=unpulled)
    assert done.returncode == 3, done.stderr
    assert "is not on" in done.stderr
    assert "copydesk push" in done.stderr
    assert _files(unpulled) == before

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copydesk import errors
from copydesk.store import write_json
from copydesk.studio import server, template
from copydesk.studio.client import Studio
from copydesk.studio.embedded import DATABASE, LOCK, RECORD, identity

pytestmark = [pytest.mark.studio, pytest.mark.usefixtures("label_studio_installed")]
linux = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc, which only Linux has")

HOSTILE = {
    "HTTP_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
    "HOST": "https://elsewhere.example", "PORT": "9", "USERNAME": "somebody", "PASSWORD": "something", "DEBUG": "true",
    "DJANGO_DB": "postgresql", "LABEL_STUDIO_BASE_DATA_DIR": "/nowhere", "LABEL_STUDIO_USERNAME": "x@example.com",
    "HEARTEX_LOG_LEVEL": "DEBUG", "COLLECT_ANALYTICS": "true", "SENTRY_DSN": "https://k@sentry.example/1",
    "DJANGO_SETTINGS_MODULE": "none.such", "PYTHONDONTWRITEBYTECODE": "1", "SECRET_KEY": "x",
}  # fmt: skip


def quiet(_line: str) -> None:
    pass


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "studio"
    server.stop(tmp_path / "studio")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, server.Server]]:
    """A server that was started from an environment in which everything is set that could lead it astray."""
    folder = tmp_path_factory.mktemp("served") / "studio"
    with pytest.MonkeyPatch.context() as environment:
        for name, value in HOSTILE.items():
            environment.setenv(name, value)
        started = server.start(folder, say=quiet)
    yield folder, started
    server.stop(folder)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopped") / "studio"
    server.start(folder, say=quiet)
    server.stop(folder)
    return folder


@pytest.fixture
def settled(folder: Path, stopped: Path) -> Path:
    """The folder of a server that has run and was stopped."""
    return Path(shutil.copytree(stopped, folder))


def answers(found: server.Server) -> bool:
    with Studio(found.url, found.token) as studio:
        return bool(studio.whoami()["email"] == found.email)


def test_starting_twice_gives_the_same_server(served: tuple[Path, server.Server]) -> None:
    folder, started = served
    assert server.start(folder, say=quiet) == started
    assert server.status(folder) == started
    assert answers(started)


def test_secrets_can_be_read_by_the_owner_alone(served: tuple[Path, server.Server]) -> None:
    folder, started = served
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in (server.CREDENTIALS, server.LOG, DATABASE, ".env"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert started.token not in repr(started)
    assert started.password not in repr(started)


@linux
def test_the_command_line_holds_no_secret(served: tuple[Path, server.Server]) -> None:
    _, started = served
    shown = Path(f"/proc/{started.pid}/cmdline").read_text(encoding="utf-8")
    assert started.token not in shown
    assert started.password not in shown


@linux
def test_only_this_machine_can_reach_it(served: tuple[Path, server.Server]) -> None:
    _, started = served
    descriptors = Path(f"/proc/{started.pid}/fd").iterdir()
    own = {str(link.readlink()) for link in descriptors if link.is_symlink()}
    listening = [
        fields[1]
        for table in ("tcp", "tcp6")
        for fields in map(
            str.split, Path(f"/proc/{started.pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        )
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in own
    ]
    assert listening == [f"0100007F:{started.port:04X}"]


@linux
def test_nothing_of_the_caller_s_environment_leads_it_astray_and_nothing_calls_home(
    served: tuple[Path, server.Server],
) -> None:
    _, started = served
    lines = Path(f"/proc/{started.pid}/environ").read_text(encoding="utf-8").rstrip("\0").split("\0")
    environment = dict(line.split("=", 1) for line in lines)
    told = {
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LOG_LEVEL": "WARNING",
    }
    assert told.items() <= environment.items()
    assert not HOSTILE.items() & environment.items()
    assert not [name for name in environment if name.lower().endswith("_proxy")]


def test_nobody_signs_up_without_the_invitation(served: tuple[Path, server.Server]) -> None:
    import httpx

    _, started = served
    with httpx.Client(trust_env=False) as browser:
        page = f"{started.url}user/signup/"
        browser.get(page)
        fields = {
            "email": "a@example.com", "password": "a-long-password", "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }  # fmt: skip
        assert browser.post(page, data=fields, headers={"Referer": page}).status_code == 403


def test_a_wrong_token_is_not_taken(served: tuple[Path, server.Server]) -> None:
    _, started = served
    with Studio(started.url, "f" * 40) as studio, pytest.raises(errors.StudioUnauthorized):
        studio.whoami()


def test_the_sign_that_it_is_up_does_not_depend_on_a_quick_answer(
    served: tuple[Path, server.Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, started = served
    monkeypatch.setattr(server, "_BUSY_SECONDS", 1)
    os.kill(started.pid, signal.SIGSTOP)
    try:
        assert server.status(folder) == started
    finally:
        os.kill(started.pid, signal.SIGCONT)


def test_labels_survive_a_stop_and_a_kill_and_the_address_stays(folder: Path) -> None:
    first = server.start(folder, say=quiet)
    with Studio(first.url, first.token) as studio:
        project = studio.post("api/projects/", json={"title": "Kept"})
    assert server.stop(folder) is True
    assert server.stop(folder) is False
    assert server.status(folder) is None
    second = server.start(folder, say=quiet)
    os.kill(second.pid, signal.SIGKILL)
    third = server.start(folder, say=quiet)
    assert third.pid != second.pid
    assert (third.url, third.token, third.password) == (first.url, first.token, first.password)
    with Studio(third.url, third.token) as studio:
        assert studio.get(f"api/projects/{project['id']}/")["title"] == "Kept"
        assert len(studio.get("api/users/")) == 1


def test_two_starts_at_once_give_one_server(folder: Path) -> None:
    found: list[server.Server] = []
    threads = [threading.Thread(target=lambda: found.append(server.start(folder, say=quiet))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1


@pytest.fixture
def occupied() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_taken_is_refused_by_name(folder: Path, occupied: int) -> None:
    with pytest.raises(errors.StudioStartError, match=str(occupied)):
        server.start(folder, say=quiet, port=occupied)
    assert not server.stop(folder)


def test_a_port_that_is_lost_at_the_last_moment_is_noticed_and_another_one_used(
    folder: Path, occupied: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "is_free", lambda _port: True)  # it was free when we looked
    monkeypatch.setattr(server, "_candidates", lambda _folder: iter([occupied, free_port()]))
    started = server.start(folder, say=quiet)
    assert started.port not in {occupied, occupied + 1}
    assert f"Port {occupied} is in use" in (folder / server.LOG).read_text(encoding="utf-8")
    assert answers(started)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


KILLED = """
import os, signal, sys
from pathlib import Path
from copydesk.studio import server

name, when, number, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
real, calls = getattr(server, name), []

def killed(*values, **named):
    calls.append(1)
    if when == "before" and len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*values, **named)
    if when == "after" and len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(server, name, killed)
server.start(folder, say=print)
"""


@pytest.mark.parametrize(
    ("name", "when", "number"),
    [
        ("write_json", "after", 1),  # the credentials are there, the database is not
        ("copy_file", "after", 1),
        ("_launch", "after", 1),  # the server is on its way and knows nobody any more
        ("_prove", "after", 1),  # it is up, and nobody wrote that down
        ("write_json", "after", 2),  # its database is settled, and the server not yet known as good
    ],
)
def test_a_start_that_was_killed_anywhere_is_started_again(folder: Path, name: str, when: str, number: int) -> None:
    folder.mkdir(mode=0o700)
    (folder / f".tmp-{DATABASE}").write_bytes(b"half a copy")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, name, when, str(number), str(folder)], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    before = json.loads((folder / RECORD).read_bytes())["pid"] if (folder / RECORD).exists() else None
    started = server.start(folder, say=quiet)
    assert answers(started)
    assert before is None or not identity(before)
    with sqlite3.connect(folder / DATABASE) as database:
        assert database.execute("select email from htx_user").fetchall() == [(server.OWNER,)]
    database.close()


STARTED = """
import sys, time
from pathlib import Path
from copydesk.studio import server

try:
    server.start(Path(sys.argv[1]), say=lambda line: print(line, flush=True))
    print("up", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    sys.exit(130)
"""


def interrupted(folder: Path, *, at: Callable[[str], bool]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTED, str(folder)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as command:
        assert command.stdout is not None
        assert any(at(line) for line in command.stdout)
        os.killpg(command.pid, signal.SIGINT)
        assert command.wait(60) == 130


def test_an_interrupted_start_leaves_nothing_running(folder: Path) -> None:
    interrupted(folder, at=lambda line: line.startswith("starting"))
    assert not server.stop(folder)


def test_a_server_whose_starter_is_gone_does_not_begin(folder: Path) -> None:
    folder.mkdir()
    command = template.embedded_command("serve", str(folder), str(free_port()))
    assert subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 1
    assert list(folder.iterdir()) == []


def test_an_interrupted_command_leaves_the_started_server_running(folder: Path) -> None:
    interrupted(folder, at=lambda line: line == "up\n")
    found = server.status(folder)
    assert found is not None
    assert answers(found)


def test_a_server_that_does_not_end_by_itself_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = server.start(folder, say=quiet)
    monkeypatch.setattr(server, "_GRACE_SECONDS", 1.0)
    os.kill(started.pid, signal.SIGSTOP)
    assert server.stop(folder) is True
    assert not identity(started.pid)


@pytest.fixture
def innocent() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_process_that_got_the_old_number_is_never_killed(folder: Path, innocent: subprocess.Popen[bytes]) -> None:
    folder.mkdir()
    (folder / LOCK).touch()
    (folder / RECORD).write_text(json.dumps({"pid": innocent.pid, "identity": "before 1", "port": 1}), encoding="utf-8")
    assert server.stop(folder) is False
    assert server.status(folder) is None
    assert innocent.poll() is None


def test_a_lock_whose_holder_is_unknown_is_an_error_and_nobody_is_killed(
    folder: Path, innocent: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_RECORD_SECONDS", 0.2)
    folder.mkdir()
    (folder / RECORD).write_text(json.dumps({"pid": innocent.pid, "identity": "before 1", "port": 1}), encoding="utf-8")
    with (folder / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(errors.StudioStartError, match="does not say which"):
            server.stop(folder)
    assert innocent.poll() is None


def test_a_server_that_is_dying_already_is_waited_for(folder: Path, innocent: subprocess.Popen[bytes]) -> None:
    folder.mkdir()
    (folder / RECORD).write_text(json.dumps({"pid": innocent.pid, "identity": "before 1", "port": 1}), encoding="utf-8")
    held = (folder / LOCK).open("w")
    fcntl.flock(held, fcntl.LOCK_EX)
    timer = threading.Timer(0.5, held.close)
    timer.start()
    assert server.stop(folder) is True
    timer.join()
    assert innocent.poll() is None


def test_an_identity_is_of_one_process_and_ends_with_it(innocent: subprocess.Popen[bytes]) -> None:
    assert identity(innocent.pid) == identity(innocent.pid) != ""
    assert identity(innocent.pid) != identity(os.getpid())
    innocent.kill()
    innocent.wait()
    assert identity(innocent.pid) == ""


def test_a_database_without_its_credentials_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / DATABASE).write_bytes(b"people's work")
    with pytest.raises(errors.StudioStartError, match="credentials"):
        server.start(folder, say=quiet)
    assert (folder / DATABASE).read_bytes() == b"people's work"


def test_a_lost_database_is_not_replaced_by_an_empty_one(settled: Path) -> None:
    (settled / DATABASE).unlink()
    with pytest.raises(errors.StudioStartError, match="is gone"):
        server.start(settled, say=quiet)
    assert not (settled / DATABASE).exists()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(settled: Path) -> None:
    (settled / DATABASE).write_bytes(b"no database at all" * 100)
    with pytest.raises(errors.StudioStartError, match="file is not a database"):
        server.start(settled, say=quiet)
    assert not server.stop(settled)


def test_a_token_that_the_server_does_not_know_is_an_error_that_names_the_file(settled: Path) -> None:
    credentials = json.loads((settled / server.CREDENTIALS).read_bytes())
    write_json(settled / server.CREDENTIALS, {**credentials, "token": "f" * 40}, mode=0o600)
    with pytest.raises(errors.StudioStartError, match=r"credentials\.json"):
        server.start(settled, say=quiet)
    assert not server.stop(settled)


def test_a_missing_label_studio_names_the_line_that_installs_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(errors.MissingExtraError, match="pip install"):
        server.start(folder, say=quiet)
    assert not folder.exists()


PREPARED = "import sys; from pathlib import Path; from copydesk.studio import template;" + (
    "template.prepared_database(Path(sys.argv[1]), say=lambda line: print(line, flush=True))"
)


def test_the_template_holds_nobody_and_no_secret() -> None:
    made = template.prepared_database(template.user_cache(), say=quiet)
    assert [path.name for path in made.parent.iterdir()] == [DATABASE]
    database = sqlite3.connect(made)
    for table in ("htx_user", "organization", "authtoken_token", "project", "task"):
        assert database.execute(f"select count(*) from {table}").fetchone() == (0,), table
    database.close()
    again: list[str] = []
    assert template.prepared_database(template.user_cache(), say=again.append) == made
    assert again == []


@pytest.mark.soak
def test_a_template_whose_making_was_killed_is_made_again(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PREPARED, str(tmp_path)]) as killed:  # the migrations themselves go on
        wait_for(lambda: list(tmp_path.glob(".*/*.sqlite3")))
        killed.kill()
    version = template.installed_version()
    assert not (tmp_path / f"label-studio-{version}").exists()
    said: list[str] = []
    made = template.prepared_database(tmp_path, say=said.append)
    assert [line for line in said if line.startswith(f"preparing Label Studio {version}")]
    assert [path.name for path in made.parent.iterdir()] == [DATABASE]


def wait_for(seen: Callable[[], object]) -> None:
    while not seen():
        time.sleep(0.05)


def test_the_second_of_two_that_need_the_template_waits_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    order: list[str] = []

    def second() -> None:
        with template.waited_for(tmp_path / "lock", say=said.append, what="a thing"):
            order.append("second")

    with template.waited_for(tmp_path / "lock", say=said.append, what="a thing"):
        thread = threading.Thread(target=second)
        thread.start()
        wait_for(lambda: said)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert said == ["waiting for another process: a thing"]


@pytest.mark.parametrize("name", [LOCK, RECORD])
def test_a_file_of_the_folder_that_the_system_does_not_give_is_named(folder: Path, name: str) -> None:
    folder.mkdir()
    (folder / LOCK).touch()
    with (folder / LOCK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()
        with pytest.raises(errors.StoreError, match=rf"cannot use .*{name}: Is a directory"):
            server.status(folder)
        (folder / name).rmdir()


@pytest.mark.parametrize("damaged", ["[]", "3", "{}", '{"token": "t"}'])
def test_damaged_credentials_are_named(folder: Path, damaged: str) -> None:
    folder.mkdir()
    (folder / server.CREDENTIALS).touch(mode=0o600)
    (folder / server.CREDENTIALS).write_text(damaged, encoding="utf-8")
    with pytest.raises(errors.StoreError, match=r"credentials\.json is damaged"):
        server.status(folder)


@pytest.mark.parametrize("damaged", ["[]", "3", '{"identity": "x"}'])
def test_a_damaged_record_names_no_server(folder: Path, damaged: str) -> None:
    folder.mkdir()
    (folder / RECORD).write_text(damaged, encoding="utf-8")
    (folder / LOCK).touch()
    with (folder / LOCK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert server.status(folder) is None


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(errors.StoreError, match="XDG_CACHE_HOME"):
        template.prepared_database(tmp_path / "cache", say=quiet)


@pytest.mark.parametrize(
    ("value", "expected"), [("/caches", "/caches/copydesk"), ("", "~/.cache/copydesk"), ("x", "~/.cache/copydesk")]
)
def test_the_cache_is_where_xdg_says(monkeypatch: pytest.MonkeyPatch, value: str, expected: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert template.user_cache() == Path(expected).expanduser()

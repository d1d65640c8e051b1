"""The embedded Label Studio of a workspace: a folder goes in, a running server on this machine comes out.

The folder holds its database and media, ``credentials.json`` (0600), ``server.json`` (which process serves it, and where),
``server.lock`` (locked as long as that process lives) and ``server.log``. A kill at any moment leaves a folder from which
``start`` works again: until a server has once been seen to answer to our token, its database is laid anew from the template.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copydesk.errors import (
    StudioBroken,
    StudioError,
    StudioStartError,
    StudioTimeout,
    StudioUnauthorized,
)
from copydesk.model.progress import Say
from copydesk.store import read_secrets, translated, write_json
from copydesk.studio.client import Studio
from copydesk.studio.database import Postgres
from copydesk.studio.embedded import BUSY, DATABASE, GO, LOCK, RECORD, identity
from copydesk.studio.template import (
    child_environment,
    copy_file,
    embedded_command,
    installed_version,
    last_lines,
    prepared_database,
    user_cache,
    waited_for,
)

OWNER = "owner@copydesk.invalid"
LOG = "server.log"
CREDENTIALS = "credentials.json"
_HOST = "127.0.0.1"
_PORTS_TRIED = 5
_START_SECONDS = 900.0  # a new version of Label Studio migrates an old database first
_GRACE_SECONDS = 10.0
_RECORD_SECONDS = 10.0
_BUSY_SECONDS = 10  # a server that is alive and does not answer for so long works on something large
_LOG_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Server:
    """A running embedded Label Studio. ``token`` is a legacy token of the owner, whom ``email`` and ``password`` log in."""

    url: str
    token: str = field(repr=False)
    email: str
    password: str = field(repr=False)
    pid: int
    port: int


class _PortTaken(Exception):
    """Another program has the port; Label Studio then silently serves on the next one."""


def start(
    folder: Path, *, say: Say, cache: Path | None = None, port: int | None = None, database: Postgres | None = None
) -> Server:
    """Start the server whose data are in ``folder``, or give the one that runs already.

    ``say`` gets a sentence when something is waited for, ``cache`` is where the template is kept (by default the user's
    cache folder), ``port`` is the one that must be used (by default the last one, or a free one), ``database`` is an empty
    one, or that of this folder (by default a file in the folder). Raises StudioStartError, MissingExtraError or StoreError;
    whatever the error, nothing is left running.
    """
    version = installed_version()
    cache = cache or user_cache()
    with translated(folder, "use"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        translated(folder, "use"),
        waited_for(folder / "start.lock", say=say, what="Label Studio being started or stopped"),
    ):
        running = status(folder)
        if running:
            return running
        _end(folder)  # one that was left before it was seen to answer, or that answers no longer
        credentials = _prepared(folder, cache=cache, say=say, database=database)
        say(f"starting Label Studio {version}")
        for candidate in [port] if port else _candidates(folder):
            with contextlib.suppress(_PortTaken):
                return _started(folder, port=candidate, credentials=credentials, cache=cache, database=database)
    raise StudioStartError(
        f"port {port} is taken by another program"
        if port
        else f"{_PORTS_TRIED} free ports were taken before we had them",
        fix="name another port, or none" if port else "try again",
    )


def stop(folder: Path) -> bool:
    """Stop the server of this folder and wait until it is gone; says whether one was running.

    Raises StudioStartError where it cannot be stopped, StoreError where the system refuses the folder.
    """
    with translated(folder, "use"):
        if not (folder / LOCK).exists():
            return False
        with waited_for(folder / "start.lock", say=lambda _: None, what=""):
            return _end(folder)


def status(folder: Path) -> Server | None:
    """Give the server of this folder if it is up and ours, and None otherwise; starts and stops nothing.

    Raises StoreError where a file of the folder is damaged or cannot be read.
    """
    with translated(folder, "use"):
        record = _record(folder) if _is_alive(folder) else None
    credentials = _credentials(folder)
    if record is None or not record.get("verified") or not credentials:
        return None
    server = _server(record, credentials)
    try:
        _check(server, timeout=_BUSY_SECONDS)
    except StudioTimeout:
        return server  # it works on something long; the lock says that it is ours
    except StudioError:
        return None
    return server


def last_port(folder: Path) -> int | None:
    """Give the port that the server of this folder had last; None before its first start."""
    port: int | None = _read_record(folder).get("port")
    return port


def _prepared(folder: Path, *, cache: Path, say: Say, database: Postgres | None) -> dict[str, Any]:
    """Lay the database of a server that has never answered yet, and give the folder's credentials."""
    credentials = _credentials(folder)
    named = str(database or "")
    if not credentials:
        if database is None and (folder / DATABASE).exists():
            raise StudioStartError(
                f"{folder / CREDENTIALS} is missing, but {DATABASE} is there",
                fix=f"restore the file, or move {folder} away to begin with an empty Label Studio",
            )
        credentials = {
            "email": OWNER, "password": secrets.token_urlsafe(18), "token": secrets.token_hex(20), "settled": False,
            "database": named,
        }  # fmt: skip
        write_json(folder / CREDENTIALS, credentials, mode=0o600)
    if credentials.get("database", "") != named:
        raise StudioStartError(
            f"the Label Studio in {folder} keeps its data in {credentials.get('database') or DATABASE}, not in {named or DATABASE}",
            fix=f"set [studio] database back, or move {folder} away to begin with an empty Label Studio",
        )
    if database is not None:
        if not credentials["settled"]:
            say(f"making the tables of Label Studio in {named}: a minute or two; later starts take seconds")
    else:
        _lay_file(folder / DATABASE, settled=credentials["settled"], cache=cache, say=say)
    return credentials


def _lay_file(database: Path, *, settled: bool, cache: Path, say: Say) -> None:
    if not settled:
        _remove_database(database)
        copy_file(prepared_database(cache, say=say), database)
    elif not database.exists():
        raise StudioStartError(
            f"{database} is gone", fix=f"restore it, or move {database.parent} away to begin with an empty Label Studio"
        )


def _credentials(folder: Path) -> dict[str, Any]:
    return read_secrets(folder / CREDENTIALS, keys=("email", "password", "token", "settled"))


def _remove_database(database: Path) -> None:
    for path in (database, database.with_name(f"{DATABASE}-journal"), database.with_name(f"{DATABASE}-wal")):
        path.unlink(missing_ok=True)  # a journal that is left would be played back into the new file


def _candidates(folder: Path) -> Iterator[int]:
    """Give the last port, so that bookmarks stay good, and then free ones."""
    last = _read_record(folder).get("port")
    if last and is_free(last):
        yield last
    for _ in range(_PORTS_TRIED):
        with socket.socket() as probe:
            probe.bind((_HOST, 0))
            port = probe.getsockname()[1]
        yield port


def is_free(port: int) -> bool:
    """Say whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _started(
    folder: Path, *, port: int, credentials: Mapping[str, Any], cache: Path, database: Postgres | None
) -> Server:
    """Start on one port and wait until the server there is seen to be ours; raises _PortTaken where it is not."""
    if not is_free(port):
        raise _PortTaken
    said = _log_size(folder)
    verified = False
    try:
        _launch(folder, port=port, credentials=credentials, cache=cache, database=database)
        record = _wait_until_ours(folder, port=port, credentials=credentials, said=said)
        write_json(folder / CREDENTIALS, {**credentials, "settled": True}, mode=0o600)
        write_json(folder / RECORD, {**record, "verified": True}, mode=0o600)
        verified = True
    finally:
        if not verified:  # also when the user interrupts the wait
            _end(folder)
    return _server(record, credentials)


def _launch(folder: Path, *, port: int, credentials: Mapping[str, Any], cache: Path, database: Postgres | None) -> None:
    account = {
        "LABEL_STUDIO_USERNAME": credentials["email"],
        "LABEL_STUDIO_PASSWORD": credentials["password"],
        "LABEL_STUDIO_USER_TOKEN": credentials["token"],
    }
    # the account is made once; were it always asked for, a removed owner would come back without a word
    more = {**(database.environment if database else {}), **({} if credentials["settled"] else account)}
    environment = child_environment(folder, cache=cache, more=more)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    waiting, go = os.pipe()
    launcher = None
    try:
        launcher = subprocess.Popen(
            embedded_command("serve", str(folder.resolve()), str(port)), cwd=folder, env=environment,
            stdin=waiting, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        os.write(go, GO)  # it does nothing without, so that an interrupt before this leaves nothing behind
        code = launcher.wait()
    finally:
        for descriptor in (log, waiting, go):
            os.close(descriptor)
        if launcher is not None and launcher.poll() is None:  # interrupted: what it has left behind holds the lock
            launcher.kill()
            launcher.wait()
    if code == BUSY:
        raise StudioStartError(f"another server holds {folder / LOCK}", fix="copydesk studio stop")


def _wait_until_ours(folder: Path, *, port: int, credentials: Mapping[str, Any], said: int) -> dict[str, Any]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        alive = _is_alive(folder)
        new = _log_since(folder, said)
        # the sentences of Label Studio, which then serves on the next port, and of Django, which ends
        if f"Port {port} is in use".encode() in new or b"port is already in use" in new:
            raise _PortTaken
        if not alive:
            raise StudioStartError(
                f"Label Studio ended while starting: {last_lines(new)}", fix=f"read {folder / LOG} for what it said"
            )
        record = _record(folder)
        if (
            record is not None and f"at http://{_HOST}:{port}/".encode() in new
        ):  # Django's sentence once it has the port
            _prove(_server(record, credentials))
            return record
        time.sleep(0.1)
    raise StudioStartError(
        f"Label Studio did not answer within {_START_SECONDS:.0f} s", fix=f"read {folder / LOG} for what it said"
    )


def _prove(server: Server) -> None:
    """See that the server answers, and takes our random token for our user."""
    try:
        _check(server, timeout=60)
    except StudioUnauthorized as error:
        raise StudioStartError(
            f"Label Studio started, but does not take the token of {CREDENTIALS} any more",
            fix="log in with that file's password and switch legacy tokens on (Organization > API Tokens Settings), or"
            " restore the file",
        ) from error
    except StudioError as error:
        raise StudioStartError(f"Label Studio started, but does not work: {error.message}", fix=error.fix) from error


def _check(server: Server, *, timeout: int) -> None:
    with Studio(server.url, server.token, timeout=timeout) as studio:
        studio.version()
        who = studio.whoami()
    if who["email"] != server.email:
        raise StudioBroken(f"{server.url} says that our token is {who['email']}'s", fix="stop the other server there")


def _end(folder: Path) -> bool:
    """End the process that holds the folder's lock, with all that it started, and wait until it is gone."""
    if not _is_alive(folder):
        return False
    # A new server's first act is to say who it is; one that is dying has no identity any more, and its lock goes next.
    if not _wait(lambda: _record(folder) is not None or not _is_alive(folder), seconds=_RECORD_SECONDS):
        raise StudioStartError(
            f"a process holds {folder / LOCK}, and {RECORD} does not say which", fix=f"fuser -k {folder / LOCK}"
        )
    for number in (signal.SIGTERM, signal.SIGKILL):
        record = _record(folder)
        if record is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(record["pid"], number)
        if _wait(lambda: not _is_alive(folder), seconds=_GRACE_SECONDS):
            return True
    raise StudioStartError(f"the process that holds {folder / LOCK} cannot be ended", fix=f"fuser -k {folder / LOCK}")


def _wait(done: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _is_alive(folder: Path) -> bool:
    """Say whether a server of this folder lives: its lock goes when it goes, however it ends."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _record(folder: Path) -> dict[str, Any] | None:
    """Give what the living server says of itself; the record of an earlier one, whose number may be another's now, is None."""
    record = _read_record(folder)
    return record if record.get("identity") and identity(record["pid"]) == record["identity"] else None


def _read_record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    whole = isinstance(record, dict) and {"pid", "identity", "port"} <= record.keys()
    return record if whole else {}


def _server(record: Mapping[str, Any], credentials: Mapping[str, Any]) -> Server:
    return Server(
        url=f"http://{_HOST}:{record['port']}/", token=credentials["token"], email=credentials["email"],
        password=credentials["password"], pid=record["pid"], port=record["port"],
    )  # fmt: skip


def _log_size(folder: Path) -> int:
    log = folder / LOG
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.unlink()
    return log.stat().st_size if log.exists() else 0


def _log_since(folder: Path, size: int) -> bytes:
    with (folder / LOG).open("rb") as file:
        file.seek(size)
        return file.read()

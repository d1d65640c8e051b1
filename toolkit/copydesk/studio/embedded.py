"""What runs in processes of its own: arguments go in; a migrated database, or a running Label Studio, comes out.

``python -m copydesk.studio.embedded migrate`` makes the tables, and ``… serve FOLDER PORT`` leaves a server behind; the
environment says where the data are and all other settings (``template.child_environment`` makes it). Only the standard library is imported before Label
Studio, and Label Studio itself by name, so that nothing else of Copydesk depends on it.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import socketserver
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

DATABASE = "label_studio.sqlite3"
LOCK = "server.lock"  # locked for as long as the server's process lives, whatever becomes of the one that started it
RECORD = "server.json"
GO = b"go"  # what ``serve`` waits for on its standard input
PATIENCE = 60  # seconds that a write to SQLite waits for others: the import of many tasks is one write
BUSY = 75  # the exit code of ``serve`` where another server of this folder is running


def main(arguments: list[str]) -> int:
    """Do what the first argument names.

    Garbage is collected rarely: a quarter of the time of a start, and of many answers, went into looking for what is not there.
    """
    gc.set_threshold(200_000, 20, 20)
    if arguments[0] == "migrate":
        migrate()
        return 0
    return serve(Path(arguments[1]), int(arguments[2]))


def migrate() -> None:
    """Make the tables of Label Studio in the data folder of the environment; it holds no user then and no organisation.

    Nothing waits for the disk here: the file is copied only once it is whole.
    """
    root = Path(str(importlib.import_module("label_studio").__file__)).parent
    sys.path.insert(0, str(root))  # Label Studio imports its own parts by their short names
    os.environ["DJANGO_SETTINGS_MODULE"] = "label_studio.core.settings.label_studio"
    importlib.import_module("django").setup()
    importlib.import_module("django.db.backends.signals").connection_created.connect(_do_not_wait)
    importlib.import_module("django.core.management").call_command("migrate", "--no-color", verbosity=0)


def _do_not_wait(sender: object, connection: Any, **_more: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA journal_mode=MEMORY")


def serve(folder: Path, port: int) -> int:
    """Leave a server behind that belongs to no terminal and no parent, and give the exit code of this process.

    It begins when the one that started it has said so, and does nothing where that one is gone by then. The child takes the
    folder's lock with it and says itself who it is, so that no kill can leave an unknown server behind.
    """
    if os.read(0, len(GO)) != GO:
        return 1
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    if not _taken(lock):
        return BUSY
    if os.fork():
        return 0
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _write_record(folder / RECORD, {"pid": os.getpid(), "identity": identity(os.getpid()), "port": port})
    sys.argv = [
        "label-studio", "start", "--no-browser", "--port", str(port), "--internal-host", "127.0.0.1",
        "--log-level", "WARNING", "--enable-legacy-api-token",
    ]  # fmt: skip
    importlib.import_module("django.db.backends.signals").connection_created.connect(_wait_in_turn)
    # Else every answer, whose head and body are sent apart, waits 40 ms for an acknowledgement.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    importlib.import_module("label_studio.server").main()
    return 1  # it does not return unless it could not start


def _wait_in_turn(sender: object, connection: Any, **_more: object) -> None:
    """Let a transaction on SQLite queue for its turn to write when it begins.

    One that has read may not wait for another that writes, so the server would fail with "database is locked" in the middle of
    a request, and then do the whole request again: an annotator whose label is saved already is told that it could not be.
    """
    if connection.vendor == "sqlite":
        connection.transaction_mode = "IMMEDIATE"
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout={PATIENCE * 1_000}")


def identity(pid: int) -> str:
    """Say which process has this number now, so that one that has it later is not taken for it; empty where none has."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *fields = text.rpartition(")")[2].split()  # the name in parentheses may hold blanks
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return "" if Path("/proc/self/stat").exists() else _identity_from_ps(pid)
    return "" if state in "ZX" else f"{boot} {fields[18]}"


def _identity_from_ps(pid: int) -> str:
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def _taken(lock: int) -> bool:
    for _ in range(40):  # a look at the lock by ``status`` holds it for a moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _write_record(path: Path, record: dict[str, object]) -> None:
    temporary = path.with_name(f".tmp-{path.name}")
    temporary.write_text(json.dumps(record) + "\n", encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))

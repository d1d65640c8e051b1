"""The folder of an embedded server goes in; what is wrong there, which no request would tell, comes out.

The database is only read, and only where it is SQLite: locks, and how many people work on it, are told by no interface.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from copydesk.errors import StoreError
from copydesk.model.finding import Finding
from copydesk.studio.embedded import DATABASE

STALE = timedelta(hours=4)
MANY_BYTES = 100_000_000
_LOCKS = """SELECT l.task_id, u.email, l.created_at, l.expire_at,
    EXISTS (SELECT 1 FROM task_completion c WHERE c.task_id = l.task_id AND c.completed_by_id = l.user_id)
    FROM tasks_tasklock l JOIN htx_user u ON u.id = l.user_id WHERE l.expire_at > ?"""
_ANNOTATORS = "SELECT count(DISTINCT completed_by_id) FROM task_completion"


def examine_folder(folder: Path, *, now: datetime) -> Iterator[Finding]:
    """Look at an embedded server's folder; ``now`` has a time zone. Raises StoreError where the database cannot be read."""
    database = folder / DATABASE
    if database.exists():
        yield from _database(database, now)
    exports = [path for path in (folder / "export").glob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in exports)
    if size > MANY_BYTES:
        yield Finding(
            "exports",
            len(exports),
            f"{folder / 'export'} holds {size / 1e6:,.0f} MB, such as {exports[0].name}",
            f"rm -r {folder / 'export'}/*: Label Studio keeps each file that was exported, for ever",
        )


def _database(database: Path, now: datetime) -> Iterator[Finding]:
    try:
        with contextlib.closing(
            sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
        ) as opened:
            locks = opened.execute(_LOCKS, (now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),)).fetchall()
            annotators = opened.execute(_ANNOTATORS).fetchone()[0]
    except sqlite3.Error as error:
        raise StoreError(f"{database} cannot be read: {error}", fix="copydesk studio start, and try again") from error
    old = (now.astimezone(UTC) - STALE).strftime("%Y-%m-%d %H:%M:%S")
    stale = [lock for lock in locks if lock[4] or (lock[2] or "") < old]
    if stale:
        task, email, since, until, annotated = stale[0]
        why = "who annotated it already" if annotated else f"since {since[:16]} UTC"
        yield Finding(
            "stale-lock",
            len(stale),
            f"task {task} is held by {email}, {why}, and served to nobody else until {until[:16]} UTC",
            "that person submits or skips the task, or: copydesk people disable (frees all locks of a person who has left)",
        )
    if annotators > 1:
        yield Finding(
            "sqlite",
            annotators,
            f"{annotators} people annotate on {DATABASE}: their saves wait for one another, and some may be refused",
            "run Label Studio on PostgreSQL: [studio] database, before the first copydesk studio start",
        )

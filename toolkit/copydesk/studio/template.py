"""The database that every embedded Label Studio begins with: a cache folder goes in, a migrated SQLite file comes out.

Label Studio builds its tables by some 260 migrations, which take half a minute of computing. They are run once for each of
its versions; every workspace begins with a copy of the result, which holds no user, no organisation and no secret.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from copydesk.errors import MissingExtraError, StoreError, StudioStartError
from copydesk.model.progress import Say
from copydesk.store import TEMPORARY, commit_folder
from copydesk.studio import database
from copydesk.studio.embedded import DATABASE

_PASSED_ON = (
    "HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONPYCACHEPREFIX",
    "TEMP", "TMP", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", *database.PASSED_ON,
)  # fmt: skip
_SETTINGS = {
    "COLLECT_ANALYTICS": "false",  # telemetry
    "LATEST_VERSION_CHECK": "false",  # asks the package index
    "SENTRY_DSN": "",  # error reports of the server
    "FRONTEND_SENTRY_DSN": "",  # and of every page, whose loading hangs without a network
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LOG_LEVEL": "WARNING",
    # addresses that nobody may have the server ask: all that Label Studio refuses by default but this machine's own, where
    # copydesk backend listens
    "USE_DEFAULT_BANNED_SUBNETS": "false",
    "USER_ADDITIONAL_BANNED_SUBNETS": (
        "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,"
        "198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4,::/128,::ffff:0:0/96,::ffff:0:0:0/96,64:ff9b::/96,"
        "64:ff9b:1::/48,100::/64,2001::/32,2001:20::/28,2001:db8::/32,2002::/16,fc00::/7,fe80::/10,ff00::/8"
    ),
}


def installed_version() -> str:
    """Give the version of the ``label-studio`` package; raises MissingExtraError where it is not installed."""
    try:
        return importlib.metadata.version("label-studio")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtraError(
            "the embedded Label Studio needs the package label-studio", fix="pip install 'copydesk[studio]'"
        ) from error


def user_cache() -> Path:
    """Give Copydesk's folder in the user's cache folder, as the XDG base directory specification has it."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "copydesk"


def prepared_database(cache: Path, *, say: Say) -> Path:
    """Give the migrated database of the installed Label Studio, and make it first where there is none.

    Raises MissingExtraError, StudioStartError where the migrations fail, and StoreError where the cache cannot be written.
    """
    version = installed_version()
    folder = cache / f"label-studio-{version}"
    file = folder / DATABASE
    if file.exists():
        return file
    try:
        with waited_for(cache / f"label-studio-{version}.lock", say=say, what=f"Label Studio {version} being prepared"):
            if not file.exists():
                say(f"preparing Label Studio {version} for the first time: a minute or two; later starts take seconds")
                _make(folder, cache=cache)
    except OSError as error:
        raise StoreError(
            f"cannot write the cache folder {cache}: {error.strerror}", fix="set XDG_CACHE_HOME to a folder of your own"
        ) from error
    return file


def child_environment(data: Path, *, cache: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a process of Label Studio whose data folder is ``data``.

    Only named variables are passed on: Label Studio also reads plain HOST, PORT, USERNAME, PASSWORD and DEBUG, any of some
    hundred settings, and a variable for each of its feature flags; and it has no use for a proxy.
    """
    kept = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("LC_")}
    if "PYTHONPYCACHEPREFIX" not in kept and not _has_bytecode():
        kept["PYTHONPYCACHEPREFIX"] = str(cache / "bytecode")  # without bytecode each start compiles for ten seconds
    return {**kept, **_SETTINGS, "LABEL_STUDIO_BASE_DATA_DIR": str(data.resolve()), "PYTHONUNBUFFERED": "1", **more}


def embedded_command(*arguments: str) -> list[str]:
    """Give the command that runs ``embedded.py`` on arguments; ``-P`` keeps the working folder out of the imports."""
    return [sys.executable, "-P", "-m", "copydesk.studio.embedded", *arguments]


@contextlib.contextmanager
def waited_for(path: Path, *, say: Say, what: str) -> Iterator[None]:
    """Hold a lock, and say what is waited for where another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process: {what}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def copy_file(source: Path, target: Path) -> None:
    """Copy a file so that the target is there whole or not at all."""
    temporary = target.with_name(f"{TEMPORARY}{target.name}")
    shutil.copyfile(source, temporary)
    temporary.chmod(0o600)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(target)


def _make(folder: Path, *, cache: Path) -> None:
    for left in (*cache.glob(f"{TEMPORARY}*"), folder):  # of a killed run, whose migration may be writing still
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}work-", dir=cache))
    finished = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=cache))
    # A secret key in the environment keeps Label Studio from writing one of its own beside the database.
    environment = child_environment(work, cache=cache, more={"SECRET_KEY": secrets.token_hex(32)})
    done = subprocess.run(
        embedded_command("migrate"), cwd=work, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise StudioStartError(
            f"the migrations of Label Studio failed: {last_lines(done.stdout)}",
            fix="reinstall the pinned version: pip install 'copydesk[studio]'",
        )
    copy_file(work / DATABASE, finished / DATABASE)
    commit_folder(finished, folder)
    shutil.rmtree(work)


def last_lines(output: bytes) -> str:
    """Give the end of what a program said, for an error's sentence."""
    lines = [line.strip() for line in output.decode("utf-8", errors="replace").splitlines() if line.strip()]
    return " | ".join(lines[-6:])[-800:] or "it said nothing"


def _has_bytecode() -> bool:
    spec = importlib.util.find_spec("label_studio")
    if spec is None or spec.origin is None:
        return False
    return Path(importlib.util.cache_from_source(str(Path(spec.origin).with_name("server.py")))).exists()

"""What tests of several areas share: a real Label Studio, started once for the whole run, and the long form of sampled suites."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from copydesk.errors import MissingExtraError
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.studio.database import Postgres
from copydesk.studio.template import installed_version

HERE = Path(__file__).parent
ROOT = HERE.parent
NEWSROOM = HERE / "datasets" / "newsroom.py"
LONGEST = ("studio", "browser", "ingest", "line", "kill", "faults", "datasets", "cli", "validation")
TOGETHER = {
    "a server on SQLite": r"tests/studio/.*\bsqlite\b",
    "a server on PostgreSQL": r"tests/studio/.*\bpostgresql\b",
    "a browser": r"tests/browser/",
    "the demo": r"tests/line/test_(demo|readme|retract)\.py|tests/report/",
}
SOAK_REPORT = HERE / "soak-report.txt"
SOAK_HEAD = """What make soak ran last, test by test: the outcome, and what was killed at how many of its points.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long form of the sampled suites, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long forms out, and let the folders whose tests take longest begin, so that the processes of a run end together."""
    long = [] if config.getoption("--soak") else [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=long)
    items[:] = sorted((item for item in items if item not in long), key=_begins)


def _begins(item: pytest.Item) -> int:
    folder = item.path.relative_to(HERE).parts[0]
    return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together in one process what shares a server, a browser, a demo or the fixtures of a file.

    Marks of the kind ``xdist_group`` would say the same, but xdist 3.8 does not see them on pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((group for group, shared in TOGETHER.items() if re.match(shared, nodeid)), file)

    return Together(config, log)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Write the report of the soak tests that ran; the lines of those that did not run stay, but for a run of all."""
    if not config.getoption("--soak"):
        return
    ran: dict[str, str] = {}
    for outcome in ("passed", "failed", "skipped", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            if "soak" in report.keywords:
                details = [str(value) for _, value in report.user_properties]
                ran[report.nodeid] = "".join(f"  {line}\n" for line in (outcome, *details))
    everything = config.args == config.getini("testpaths")
    kept = {} if everything or not SOAK_REPORT.exists() else _reported(SOAK_REPORT.read_text(encoding="utf-8"))
    parts = [f"\n{test}\n{said}" for test, said in sorted({**kept, **ran}.items())]
    SOAK_REPORT.write_text(SOAK_HEAD + "".join(parts), encoding="utf-8")


def _reported(text: str) -> dict[str, str]:
    parts = (part.partition("\n") for part in text.removeprefix(SOAK_HEAD).strip("\n").split("\n\n") if part)
    return {test: f"{said.rstrip()}\n" for test, _, said in parts}


@pytest.fixture(scope="session")
def label_studio_installed() -> None:
    """Skip where the embedded Label Studio is not installed, but fail where it must be."""
    try:
        installed_version()
    except MissingExtraError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def spark_installed() -> None:
    """Skip where Spark cannot run, but fail where it must."""
    if find_spec("pyspark") and shutil.which("java"):
        return
    lacking = "needs Java 17 and pyspark (apt-get install openjdk-17-jre-headless && make spark)"
    if os.environ.get("CI"):
        pytest.fail(lacking)
    pytest.skip(lacking)


@pytest.fixture(scope="session")
def newsroom() -> ModuleType:
    """The module tests/datasets/newsroom.py, which is also a program: a small newsroom to publish from."""
    spec = importlib.util.spec_from_file_location("newsroom_of_the_tests", NEWSROOM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is in ``tests/studio`` and needs a server on each database that Label Studio may have."""
    stated = any("database" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database" in metafunc.fixturenames and not stated and HERE / "studio" in metafunc.definition.path.parents:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> Postgres | None:
    """Give the database of the server: a file, or PostgreSQL where a test is asked to run on that."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    made: Postgres = request.getfixturevalue("postgres")
    return made


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Give an empty database in a PostgreSQL of our own, reached by a socket."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
    if initdb is None:
        lacking = "PostgreSQL is not installed (fix: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    programs = Path(initdb).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="copydesk-postgres-"))
    as_its_user: list[str] = []
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        shutil.chown(folder, "postgres")
        as_its_user = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *arguments: str) -> None:
        command = [*as_its_user, str(programs / program), *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    data = str(folder / "data")
    run("initdb", "--pgdata", data, "--username", "desk", "--auth", "trust", "--no-sync", "--encoding", "UTF8")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "--pgdata", data, "--log", str(folder / "log"), "--options", options, "--wait", "start")
    run("createdb", "--host", str(folder), "--username", "desk", "label_studio")
    yield Postgres("desk", str(folder), 5432, "label_studio")
    run("pg_ctl", "--pgdata", data, "--mode", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def studio_server(
    label_studio_installed: None, database: Postgres | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[server.Server]:
    folder = tmp_path_factory.mktemp("studio")
    yield server.start(folder, say=print, database=database)
    server.stop(folder)


@pytest.fixture(scope="session")
def studio(studio_server: server.Server) -> Iterator[Studio]:
    with Studio(studio_server.url, studio_server.token) as connection:
        yield connection


@pytest.fixture
def make_project(studio: Studio) -> Callable[..., dict[str, Any]]:
    def make(title: str, config: str, **options: object) -> dict[str, Any]:
        project: dict[str, Any] = studio.post("api/projects/", json={"title": title, "label_config": config, **options})
        return project

    return make


def shell(script: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as a user does who has the environment's commands on the path; nothing opens a browser."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "BROWSER": "true"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session", name="shell")
def shell_fixture() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give the function that runs a script."""
    return shell


@pytest.fixture(scope="session")
def reference(label_studio_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the checkout's workspace in which the demo ran once; its server is stopped at the end."""
    folder = tmp_path_factory.mktemp("reference")
    for name in ("schemas", "validation", "seeds"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "copydesk.toml", folder)
    done = shell("copydesk demo", cwd=folder)
    (folder / "first-run.txt").write_text(done.stdout, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    yield folder
    shell("copydesk studio stop", cwd=folder)


@pytest.fixture(scope="session")
def screens() -> ModuleType:
    """The module browser/screen.py, which is also a program; skips without a browser, but fails where one must be."""
    if importlib.util.find_spec("playwright") is None:
        _no_browser("Playwright is not installed (fix: pip install playwright)")
    import screen

    if screen.chromium() is None:
        _no_browser("Chromium is not installed (fix: apt-get install chromium)")
    return screen


def _no_browser(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser(screens: ModuleType) -> Iterator[Any]:
    with screens.opened_browser() as browser:
        yield browser

"""The reference workspace, copied, and the command line run in it as a user runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


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

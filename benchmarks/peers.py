"""A peer's name and what it needs in, its own Python environment out: made once, in ``.peers/`` of the checkout."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / ".peers"


class PeerMissingError(Exception):
    """A peer cannot be installed here; says why, and the line that would install it."""


def python_of(name: str, requirements: Sequence[str]) -> Path:
    """Give the interpreter of the environment ``.peers/NAME``, which holds ``requirements``; make it where it is not there.

    Raises PeerMissingError where it cannot be made, as without a network.
    """
    home = FOLDER / name
    python, ready = home / "bin" / "python", home / ".ready"
    wanted = "\n".join(requirements)
    if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return python
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    for command in ([sys.executable, "-m", "venv", "--clear", str(home)], install):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            raise PeerMissingError(f"{name} is not installed: {said} (fix: {' '.join(install)})")
    ready.write_text(wanted, encoding="utf-8")
    return python

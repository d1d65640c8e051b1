"""Fetch the corpora that ``corpora.toml`` pins from the package registry into ``.corpora/``, and verify each by its SHA-256."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / ".corpora"


def main() -> int:
    """Fetch what is not there yet; leave with 1 where a file is not what was pinned."""
    FOLDER.mkdir(exist_ok=True)
    for pinned in tomllib.loads((HERE / "corpora.toml").read_text("utf-8"))["sdist"]:
        path = FOLDER / pinned["file"]
        if not path.exists():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            command += ["--no-binary", ":all:", "--dest", str(FOLDER), pinned["requirement"]]
            subprocess.run(command, check=True)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != pinned["sha256"]:
            path.unlink()
            print(
                f"{path.name}: SHA-256 is {found}, pinned is {pinned['sha256']} (fix: look at what the registry serves)"
            )
            return 1
        print(f"{path.name}: as pinned")
    return 0


if __name__ == "__main__":
    sys.exit(main())

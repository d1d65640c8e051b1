"""A newcomer's whole run: a bare clone, the tutorial, a browser, and nothing else."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blocks import ROOT, Reader, blocks, held

TUTORIAL = ROOT / "docs" / "tutorial.md"

pytestmark = [pytest.mark.soak, pytest.mark.studio, pytest.mark.browser, pytest.mark.timeout(3600)]


def newcomer(clone: Path, home: Path) -> Reader:
    """Somebody who has installed what the tutorial says into the clone, and whose account has never seen Label Studio."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    home.mkdir()
    reader = Reader(clone, {"HOME": str(home), "PYTHONPATH": "", "PATH": f"{clone}/.venv/bin:{os.environ['PATH']}"})
    (install,) = (block for block in blocks(TUTORIAL) if block.text.startswith("make install"))
    reader.type(" && ".join(install.text.splitlines()))
    assert (clone / ".venv" / "bin" / "copydesk").is_file()
    return reader


def test_a_newcomer_with_a_bare_clone_gets_what_the_tutorial_shows(
    chromium: Any, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    reader = newcomer(tmp_path / "clone", tmp_path / "home")
    installed = time.monotonic()
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    try:
        held(TUTORIAL, reader, act=lambda _, who: chromium.label_in_chromium(who, pictures))
    finally:
        reader.type("copydesk studio stop")
    assert sorted(file.name for file in pictures.iterdir()) == sorted(
        file.name for file in (ROOT / "docs" / "pictures").glob("tutorial-*.png")
    )
    record_property(
        "took", f"{installed - began:.0f} s to install, {time.monotonic() - installed:.0f} s for all the rest"
    )

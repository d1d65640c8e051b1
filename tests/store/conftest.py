"""A folder in which rights hold: root, as whom containers run tests, may write everywhere."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def strict_folder() -> Iterator[Path]:
    """An empty folder, owned by the user as whom the test runs; that is nobody where it was root."""
    root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp()).resolve()
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            path.chmod(0o700)
        shutil.rmtree(folder)

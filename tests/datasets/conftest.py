from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from copydesk.store import file_sha256


@pytest.fixture
def home(tmp_path: Path, newsroom: ModuleType) -> Path:
    """The folder of a dataset that nothing is published in yet."""
    return tmp_path / "datasets" / newsroom.NAME


@pytest.fixture
def first(home: Path, newsroom: ModuleType) -> Path:
    """The folder of a published version."""
    return newsroom.put_out(home).path


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, str]]:
    """A function that gives every file and folder under a folder, hidden ones too, with its digest."""
    return lambda folder: {
        path.relative_to(folder).as_posix(): file_sha256(path) if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }

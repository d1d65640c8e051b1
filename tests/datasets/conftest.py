import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from copydesk.store import file_sha256

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def newsroom() -> ModuleType:
    """The module newsroom.py beside this one, which is also a program."""
    spec = importlib.util.spec_from_file_location("newsroom_of_the_dataset_tests", HERE / "newsroom.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


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

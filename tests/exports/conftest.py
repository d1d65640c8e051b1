import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def readers() -> SimpleNamespace:
    """The functions of readers.py beside this file."""
    return SimpleNamespace(**runpy.run_path(str(HERE / "readers.py"), run_name="readers"))


@pytest.fixture(scope="session")
def corpora() -> SimpleNamespace:
    """What corpora.py beside this file makes."""
    return SimpleNamespace(**runpy.run_path(str(HERE / "corpora.py"), run_name="corpora"))

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def drawing() -> SimpleNamespace:
    """The functions of drawing.py beside this file."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("drawing.py")), run_name="drawing"))


@pytest.fixture(scope="session")
def simulate() -> SimpleNamespace:
    """The functions of simulate.py beside this file."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("simulate.py")), run_name="simulate"))

"""What the pages' tests share."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest


@pytest.fixture(scope="session")
def sphinx_installed() -> None:
    """Skip where the generator of the documentation is not installed, but fail where it must be."""
    if find_spec("sphinx") and find_spec("furo") and find_spec("myst_parser"):
        return
    lacking = "needs Sphinx, MyST and Furo (make sphinx)"
    if os.environ.get("CI"):
        pytest.fail(lacking)
    pytest.skip(lacking)

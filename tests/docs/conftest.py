"""What the pages' tests share."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from types import ModuleType

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


@pytest.fixture(scope="session")
def chromium(label_studio_installed: None) -> ModuleType:
    """Give the module that labels in a browser; skips without one, but fails where one must be."""
    if find_spec("playwright") and shutil.which("chromium"):
        import chromium

        return chromium
    lacking = "needs Playwright and Chromium (apt-get install chromium)"
    if os.environ.get("CI"):
        pytest.fail(lacking)
    pytest.skip(lacking)

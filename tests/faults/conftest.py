"""A Label Studio of its own for what kills it, with two annotators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import faultrun
import pytest


@pytest.fixture(scope="session")
def desk(label_studio_installed: None) -> Iterator[Any]:
    with faultrun.opened_desk() as opened:
        yield opened

"""What tests of several areas share: a real Label Studio, started once for the whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from copydesk.errors import MissingExtraError
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.studio.template import installed_version


@pytest.fixture(scope="session")
def label_studio_installed() -> None:
    """Skip where the embedded Label Studio is not installed, but fail where it must be."""
    try:
        installed_version()
    except MissingExtraError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def studio_server(label_studio_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    folder = tmp_path_factory.mktemp("studio")
    yield server.start(folder, say=print)
    server.stop(folder)


@pytest.fixture(scope="session")
def studio(studio_server: server.Server) -> Iterator[Studio]:
    with Studio(studio_server.url, studio_server.token) as connection:
        yield connection


@pytest.fixture
def make_project(studio: Studio) -> Callable[..., dict[str, Any]]:
    def make(title: str, config: str, **options: object) -> dict[str, Any]:
        project: dict[str, Any] = studio.post("api/projects/", json={"title": title, "label_config": config, **options})
        return project

    return make

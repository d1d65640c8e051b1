"""A workspace's settings and environment go in, an open connection to its Label Studio, and its project there, come out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, StudioGone, StudioUnauthorized, StudioUnreachable, UnknownError
from copydesk.model.schema import LabelSchema
from copydesk.store import read_secrets
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.studio.connection import Connection
from copydesk.studio.faults import FIX_PERSONAL
from copydesk.studio.interface import instructions, to_config
from copydesk.studio.projects import ProjectSpec, find_projects
from copydesk.studio.release import check_release
from copydesk.workspace import Workspace

URL = "COPYDESK_STUDIO_URL"
TOKEN = "COPYDESK_STUDIO_TOKEN"
CA_BUNDLE = "COPYDESK_STUDIO_CA_BUNDLE"
PROXY = "COPYDESK_STUDIO_PROXY"


@contextmanager
def connected(workspace: Workspace) -> Iterator[Studio]:
    """Open a connection to the Label Studio that the settings or the environment name, or else to the embedded one.

    Raises StudioUnreachable where the embedded one does not run, StudioUnauthorized where there is no token or it is refused,
    StudioUntested for a release or edition that was never tried.
    """
    url = studio_url(workspace)
    if url:
        token = _token(workspace, url)
    else:
        running = server.status(workspace.studio_folder)
        if running is None:
            raise StudioUnreachable(
                "no Label Studio is running here", fix="copydesk studio start, or set [studio] url in copydesk.toml"
            )
        url, token = running.url, running.token
    with Studio(url, token, connection=connection(workspace)) as studio:
        check_release(studio, untested=workspace.settings.studio.untested)
        yield studio


def studio_url(workspace: Workspace) -> str:
    """Give the address of a Label Studio of the user's own; empty where the embedded one is meant."""
    return os.environ.get(URL, "") or workspace.settings.studio.url


def connection(workspace: Workspace) -> Connection:
    """Say how the server is reached; raises ConfigError where it is told to trust anybody."""
    settings = workspace.settings.studio
    if not settings.verify:
        raise ConfigError(
            "[studio] verify = false: the certificate of Label Studio is always verified, since its token opens every label",
            fix="name the certificate of who signed it as [studio] ca_bundle (a PEM file), and remove verify",
        )
    bundle = os.environ.get(CA_BUNDLE, "") or settings.ca_bundle
    return Connection(
        timeout=settings.timeout,
        connect_timeout=settings.connect_timeout,
        ca_bundle=workspace.root / Path(bundle).expanduser() if bundle else None,
        proxy=os.environ.get(PROXY, "") or settings.proxy,
    )


def project_spec(workspace: Workspace, schema: LabelSchema) -> ProjectSpec:
    """Say what the workspace's project on the server is to be."""
    settings = workspace.settings
    title = settings.studio.project or f"{settings.name}: {schema.name}"
    if settings.studio.project and not workspace.is_first:
        title = f"{settings.studio.project[: 48 - len(schema.name)]}: {schema.name}"
    return ProjectSpec(
        title=title[:50].ljust(3, "."),
        marker=f"copydesk {settings.name} {schema.name}",
        config=to_config(schema),
        instructions=instructions(schema),
        annotators_per_task=settings.studio.annotators_per_task if settings.studio.overlap == 1 else 1,
        most_tasks=settings.studio.project_tasks,
    )


def known_projects(workspace: Workspace, studio: Studio, schema: LabelSchema) -> list[dict[str, Any]]:
    """Give the workspace's project, and those that followed when it was full, as the server describes them.

    Raises UnknownError where there never was one, StudioGone where labels were pulled and there is none now.
    """
    spec = project_spec(workspace, schema)
    found = find_projects(studio, spec)
    if found:
        return found
    kept = workspace.pulls.read("task_states", columns=["task_id"]).num_rows
    if not kept:
        raise UnknownError(f"there is no project of this workspace on {studio.url}", fix="copydesk push")
    raise StudioGone(
        f"the project {spec.title!r} is not on {studio.url} any more; what was pulled from it is kept, and counts",
        fix="check [studio] url and project, or make the project anew: copydesk push",
    )


def _token(workspace: Workspace, url: str) -> str:
    file = workspace.state / "token.json"
    token = os.environ.get(TOKEN, "") or str(read_secrets(file).get("token", ""))
    if not token:
        raise StudioUnauthorized(
            f"no token for {url}",
            fix=f'set {TOKEN}, or write {{"token": "…"}} into {file} and chmod 600 it; if it was lost, {FIX_PERSONAL}',
        )
    return token

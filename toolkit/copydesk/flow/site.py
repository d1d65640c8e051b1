"""A workspace to the pages that show it: served on this machine, or written into one file."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from copydesk.errors import UsageError
from copydesk.flow import reading
from copydesk.flow.agreement_page import Agreement
from copydesk.flow.alignment_page import Aligned
from copydesk.flow.desk import Desk
from copydesk.flow.findings_page import Findings
from copydesk.flow.reading_index import Library
from copydesk.flow.report import Report
from copydesk.flow.version_page import VersionPage, Versions
from copydesk.model.progress import Say
from copydesk.report.page import exported
from copydesk.report.serve import Site, View, application
from copydesk.serving import address, serving
from copydesk.store import write_file
from copydesk.workspace import Workspace

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@contextmanager
def served(workspace: Workspace, *, host: str, port: int, say: Say) -> Iterator[str]:
    """Serve the workspace's pages; gives the address to open, with its token.

    Raises UsageError for an address that others than this machine could reach, SystemFault where it cannot be listened there.
    """
    if host not in _LOOPBACK:
        raise UsageError(
            f"--host {host}: others than this machine could reach it", fix=f"one of {', '.join(sorted(_LOOPBACK))}"
        )
    token = secrets.token_urlsafe(24)
    with Library(workspace, say=say) as library:
        site = Site(_views(workspace, library), workspace.settings.name, token)
        with serving(application(site, say=say), host=host, port=port) as taken:
            yield f"{address(host, taken)}/?token={token}"


def _views(workspace: Workspace, library: Library) -> dict[str, View]:
    """Give what is shown under each path."""
    return {
        "/": Desk(workspace),
        **reading.views(library),
        "/agreement": Agreement(workspace),
        "/agreement/{doc_id:path}": Aligned(workspace),
        "/findings": Findings(workspace),
        "/versions": Versions(workspace),
        "/versions/{name}/{version}": VersionPage(workspace),
    }


def export(workspace: Workspace, target: Path) -> Report:
    """Write one file of the pages that need no server; raises StoreError where the file system refuses."""
    name = workspace.settings.name
    parts = [
        Desk(workspace)({}),
        *Agreement(workspace, exported=True).every(),
        *Findings(workspace, exported=True).every(),
        Versions(workspace, exported=True)({}),
        *VersionPage(workspace).newest(),
    ]
    content = exported(parts, workspace=name, title=f"{name}: report").encode()
    write_file(target, content)
    return Report("report", {"parts": len(parts), "bytes": len(content)}, lines=(str(target.resolve()),))

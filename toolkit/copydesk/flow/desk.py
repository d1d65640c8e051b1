"""A workspace to its desk: what there is at each step of the line, and what waits where."""

from __future__ import annotations

from collections.abc import Mapping

from copydesk.flow import look
from copydesk.report.page import Part, part
from copydesk.workspace import Workspace


class Desk:
    """The view of the desk; what was counted is kept as long as the workspace stays as it was."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __call__(self, _asked: Mapping[str, str]) -> Part:
        """Count what there is now."""
        return part("desk.html", title="Desk", name="desk", live=True, counts=look.status(self._workspace))

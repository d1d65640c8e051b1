"""What a page was asked for goes in, the workspace that it is to show comes out, and what its part of an exported file is called."""

from __future__ import annotations

from collections.abc import Mapping

from copydesk.errors import UnknownError
from copydesk.workspace import Workspace


def under(workspace: Workspace, asked: Mapping[str, str]) -> Workspace:
    """See the workspace under the schema that was asked for; raises UnknownError where it has none of that name."""
    name = asked.get("schema", "") or workspace.schema_name
    if name not in workspace.schemas:
        raise UnknownError(f"no schema {name!r} in this workspace", fix=f"name one of {', '.join(workspace.schemas)}")
    return workspace.under(name)


def anchor(name: str, workspace: Workspace) -> str:
    """Name a part of the exported file that each schema has one of."""
    return name if workspace.is_first else f"{name}-{workspace.schema_name}"

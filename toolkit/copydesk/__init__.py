"""Copydesk turns news articles into labelled, versioned datasets."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copydesk.datasets.load import load
    from copydesk.errors import CopydeskError
    from copydesk.model.schema import LabelSchema
    from copydesk.workspace import Workspace

_HOMES = {
    "CopydeskError": "copydesk.errors",
    "LabelSchema": "copydesk.model.schema",
    "Workspace": "copydesk.workspace",
    "load": "copydesk.datasets.load",
}
__all__ = ["CopydeskError", "LabelSchema", "Workspace", "load"]


def __getattr__(name: str) -> Any:
    """Load a public name on its first use (PEP 562), so that importing the package stays cheap."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

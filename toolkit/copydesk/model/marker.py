"""The marker of a workspace: a folder goes in, the nearest one upwards that is a workspace comes out."""

from __future__ import annotations

from pathlib import Path

MARKER = "copydesk.toml"


def nearest_marked(start: Path) -> Path | None:
    """Find the nearest folder that holds the marker, from ``start`` upwards; it is absolute, and None where there is none."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / MARKER).is_file()), None)

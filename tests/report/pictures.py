"""Pictures of the pages of the workspace in a folder, for the documentation: ``PYTHONPATH=tests/browser python tests/report/pictures.py WORKSPACE docs/pictures``."""

from __future__ import annotations

import sys
from pathlib import Path

import screen

from copydesk.flow.site import served
from copydesk.workspace import Workspace

SIZE = {"width": 1280, "height": 800}


def pages(workspace: Workspace) -> dict[str, str]:
    """The pages that are shown, by the name of the picture."""
    label = workspace.agreed.read("agreed_relations").to_pylist()[0]
    document = f"/documents/{label['doc_id']}"
    newest = workspace.title
    return {
        "desk": "/",
        "reader": document,
        "side-by-side": f"{document}?view=side",
        "agreement": "/agreement",
        "version": f"/versions/{newest}/1.0.0",
    }


def main(folder: Path, target: Path) -> None:
    """Serve the workspace and take a picture of each page."""
    workspace = Workspace.open(folder)
    with served(workspace, host="127.0.0.1", port=0, say=print) as entry, screen.opened_browser() as browser:
        page = browser.new_page(viewport=SIZE)
        page.goto(entry)
        for name, path in pages(workspace).items():
            page.goto(f"{entry.partition('/?')[0]}{path}")
            page.screenshot(path=target / f"pages-{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

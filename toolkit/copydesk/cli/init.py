"""``copydesk init``: lay out a new workspace."""

from __future__ import annotations

from pathlib import Path

import click

from copydesk.cli.output import json_option, print_json
from copydesk.workspace import Workspace


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Lay out a new workspace in FOLDER: settings, a labelling schema, expectation suites and one article.

    Files that are there already are left as they are.
    """
    workspace = Workspace.create(folder)
    if as_json:
        print_json(
            {"workspace": str(workspace.root), "name": workspace.settings.name, "schema": workspace.settings.schema}
        )
        return
    click.echo(f"made a workspace in {workspace.root}")
    click.echo(f"next: cd {folder}, put articles into seeds/ (or name others in copydesk.toml), copydesk ingest")

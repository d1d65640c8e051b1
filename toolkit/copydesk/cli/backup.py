"""``copydesk backup``: the whole project on Label Studio into the workspace."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report, progress_shown
from copydesk.flow import backup


@click.command("backup")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Keep the whole project on Label Studio in this workspace: settings, tasks, predictions, and everybody's annotations.

    Each backup has a number, and none is ever changed. Where nothing changed since the last one, nothing is written.
    """
    with progress_shown(as_json=as_json) as progress:
        report = backup.backup(open_workspace(ctx), progress=progress)
    print_report(report, as_json=as_json)

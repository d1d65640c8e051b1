"""``copydesk publish``: agreed labels to a version of a dataset."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report, progress_shown
from copydesk.flow import release


@click.command("publish")
@click.argument("name", required=False, default="")
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, as_json: bool) -> None:
    """Write the next version of the dataset NAME (by default the workspace's name) into datasets/NAME.

    The tables are validated first; nothing is published past an error. Where nothing changed since the last version, none is
    made.
    """
    with progress_shown(as_json=as_json) as progress:
        report = release.publish(open_workspace(ctx), name, progress=progress)
    print_report(report, as_json=as_json)

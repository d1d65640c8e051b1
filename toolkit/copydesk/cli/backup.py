"""``copydesk backup``: the whole project on Label Studio into the workspace."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option


@click.command("backup")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, schema: str, as_json: bool) -> None:
    """Keep the whole project on Label Studio in this workspace: settings, tasks, predictions, and everybody's annotations.

    Each backup has a number, and none is ever changed. Where nothing changed since the last one, nothing is written.
    """
    from copydesk.flow import backup

    report_each(ctx, schema, lambda workspace, progress: backup.backup(workspace, progress=progress), as_json=as_json)

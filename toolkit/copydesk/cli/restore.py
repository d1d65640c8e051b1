"""``copydesk restore``: a project on Label Studio, of a backup."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, report_each, schema_option


@click.command("restore")
@click.option("--backup", "number", type=click.IntRange(min=1), help="Number of the backup; by default the newest.")
@click.option("--project", "title", default="", help="Title of the project that is made; by default the one it had.")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, number: int | None, title: str, schema: str, as_json: bool) -> None:
    """Make the project of a backup on Label Studio, read it back, and compare the two.

    Annotations come back under the accounts of who made them; where such an account is not there, it is made as ``people add`` makes
    them. With --backup or --project it is the project of the workspace's first schema, or of the one that --schema names. A restore that
    was interrupted goes on where it stopped. Exit code 1 where the two are not equal.
    """
    from copydesk.flow import backup

    report_each(
        ctx,
        schema or (open_workspace(ctx).schema_name if number or title else ""),
        lambda workspace, progress: backup.restore(workspace, number=number or 0, title=title, progress=progress),
        as_json=as_json,
        fault_of=backup.difference_fault,
    )

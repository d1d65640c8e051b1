"""``copydesk report``: the workspace's pages as one file."""

from __future__ import annotations

from pathlib import Path

import click

from copydesk.cli.output import json_option, open_workspace, print_report


@click.command("report")
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="The file to write.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, target: Path, as_json: bool) -> None:
    """Write the state of the work, the agreement, the findings and the newest versions into one HTML file.

    The file needs no network and no other file, and may be sent to who has no Copydesk. Annotators stand in it under their pseudonyms.
    """
    from copydesk.flow import site

    print_report(site.export(open_workspace(ctx), target), as_json=as_json)

"""``copydesk status``: counts at each stage."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_json
from copydesk.flow import look


@click.command("status")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Count what there is at each stage of this workspace."""
    counts = look.status(open_workspace(ctx))
    if as_json:
        print_json(counts)
        return
    for stage, numbers in counts.items():
        click.echo(f"{stage:<10} " + ", ".join(f"{number} {what}" for what, number in numbers.items()))

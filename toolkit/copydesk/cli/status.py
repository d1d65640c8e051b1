"""``copydesk status``: counts at each stage."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_json
from copydesk.cli.terminal import plain
from copydesk.flow import look


@click.command("status")
@click.option("--rejected", is_flag=True, help="List every article that is rejected, with its place and the reason.")
@one_schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, rejected: bool, schema: str, as_json: bool) -> None:
    """Count what there is at each stage of this workspace.

    What is rejected is taken up by copydesk ingest once its file or a setting was changed, and by copydesk ingest --retry.
    """
    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    if rejected:
        _print_rejected(look.rejected(workspace), as_json=as_json)
        return
    counts = look.status(workspace)
    if as_json:
        print_json(counts)
        return
    for stage, numbers in counts.items():
        click.echo(f"{stage:<10} " + ", ".join(f"{number} {what}" for what, number in numbers.items()))


def _print_rejected(rows: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        print_json({"rejected": rows})
        return
    for row in rows:
        click.echo(plain(f"{row['reason']:<16} {row['item']}: {row['detail']}").replace("\n", "\\n"))
    click.echo(f"{len(rows):,} rejected")

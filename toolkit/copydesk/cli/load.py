"""``copydesk load``: a published table, on the screen or as a path."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_json
from copydesk.datasets.load import check_whole, find_version, load


@click.command("load")
@click.argument("name")
@click.argument("version", required=False, default="")
@click.option("--table", default="train", show_default=True, help="Which table, such as spans or annotations.")
@click.option("--rows", default=5, show_default=True, help="How many rows to print.")
@click.option("--verify", is_flag=True, help="First check every file of the version against its digests.")
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, version: str, table: str, rows: int, verify: bool, as_json: bool) -> None:
    """Print the first rows of a table of a published dataset; without VERSION, of the newest one."""
    folder = open_workspace(ctx).datasets
    path = find_version(name, version, folder=folder)
    if verify:
        check_whole(path)
    frame = load(name, path.name, table=table, folder=folder)
    if as_json:
        print_json(
            {
                "name": name,
                "version": path.name,
                "path": str(path),
                "table": table,
                "rows": len(frame),
                "columns": list(frame.columns),
                "verified": verify,
            }
        )
        return
    click.echo(f"{name} {path.name}, {table}: {len(frame):,} rows in {path}")
    if verify:
        click.echo("verified: every file is what its digests say")
    click.echo(frame.head(rows).to_string(max_colwidth=40))

"""``copydesk load``: a published table, on the screen or as a path."""

from __future__ import annotations

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_json


@click.command("load")
@click.argument("name", shell_complete=complete.datasets)
@click.argument("version", required=False, default="", shell_complete=complete.versions)
@click.option("--table", default="default", show_default=True, help="Which table, such as spans or annotations.")
@click.option("--split", default="train", show_default=True, help="train, validation, test or all.")
@click.option("--rows", default=5, show_default=True, help="How many rows to print.")
@place_option
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, version: str, table: str, split: str, rows: int, as_json: bool) -> None:
    """Print the first rows of a table of a published dataset; without VERSION, of the newest one."""
    from copydesk.datasets.load import find_version, load

    folder = datasets_of(ctx)
    path = find_version(name, version, folder=folder)
    frame = load(name, path.name, split=split, table=table, folder=folder)
    if as_json:
        print_json(
            {
                "name": name,
                "version": path.name,
                "path": str(path),
                "table": table,
                "split": split,
                "rows": len(frame),
                "columns": list(frame.columns),
            }
        )
        return
    click.echo(f"{name} {path.name}, {table} ({split}): {len(frame):,} rows in {path}")
    click.echo(frame.head(rows).to_string(max_colwidth=40))

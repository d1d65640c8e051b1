"""``copydesk diff``: what changed between two versions, label by label."""

from __future__ import annotations

from pathlib import Path

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_json
from copydesk.cli.terminal import plain


@click.command("diff")
@click.argument("name", shell_complete=complete.datasets)
@click.argument("old", shell_complete=complete.versions)
@click.argument("new", shell_complete=complete.versions)
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page that shows each change in its text."
)
@click.option(
    "--rows", default=20, show_default=True, help="How many changed labels to print; a page holds 50 times as many."
)
@place_option
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, old: str, new: str, html: Path | None, rows: int, as_json: bool) -> None:
    """Say what changed from the version OLD of a dataset to NEW: documents, and every label with its cause."""
    from copydesk.datasets import shown
    from copydesk.datasets.compared import compared
    from copydesk.datasets.events import known_version
    from copydesk.datasets.load import home_of
    from copydesk.store import write_file

    folder = home_of(name, folder=datasets_of(ctx))
    found = compared(folder, str(known_version(folder, old)), str(known_version(folder, new)))
    if html:
        write_file(html, shown.page(found, limit=50 * rows).encode())
    if as_json:
        print_json({"name": name, **shown.as_json(found)})
        return
    for line in shown.lines(found, limit=rows):
        click.echo(plain(line))

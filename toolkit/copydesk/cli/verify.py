"""``copydesk verify``: is a published version what it was when it was published?"""

from __future__ import annotations

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_json


@click.command("verify")
@click.argument("name", shell_complete=complete.datasets)
@click.argument("version", required=False, default="", shell_complete=complete.versions)
@place_option
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, version: str, as_json: bool) -> None:
    """Check every file of a version against its digests; without VERSION, of the newest one.

    ``sha256sum -c SHA256SUMS`` in the version's folder does the same for all that is listed there.
    """
    from copydesk.datasets.load import check_whole, find_version

    path = find_version(name, version, folder=datasets_of(ctx))
    check_whole(path)
    if as_json:
        print_json({"name": name, "version": path.name, "path": str(path), "verified": True})
    else:
        click.echo(f"{name} {path.name}: every file is what its digests say")

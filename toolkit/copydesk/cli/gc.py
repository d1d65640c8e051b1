"""``copydesk gc``: the files of versions that nobody should load any more go, after a while."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_json


@click.command("gc")
@click.argument("name", shell_complete=complete.datasets)
@click.option(
    "--days",
    default=30,
    show_default=True,
    type=click.IntRange(0),
    help="How long a version is condemned before its files go.",
)
@place_option
@click.option("--apply", is_flag=True, help="Do it; otherwise it is only said what would be done.")
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, days: int, apply: bool, as_json: bool) -> None:
    """Condemn the yanked versions of a dataset that no alias names, and remove the files of those condemned long enough ago.

    What a version was, and why it is gone, stays: its manifest is kept, and its number is never given again.
    """
    from copydesk.datasets.gc import collect
    from copydesk.datasets.load import home_of

    folder = home_of(name, folder=datasets_of(ctx))
    found = collect(folder, days=days, now=datetime.now(UTC), apply=apply)
    if as_json:
        told = {"condemned": found.condemned, "waiting": found.waiting, "removed": found.removed, "bytes": found.bytes}
        print_json(
            {
                "name": name,
                "applied": apply,
                **{key: list(value) if isinstance(value, tuple) else value for key, value in told.items()},
            }
        )
        return
    would = "" if apply else "would be "
    for what, versions in (("condemned", found.condemned), ("removed", found.removed)):
        click.echo(
            f"{would}{what}: {', '.join(versions) or 'none'}"
            + (f" ({found.bytes:,} bytes)" if what == "removed" and versions else "")
        )
    if found.waiting:
        click.echo(f"condemned less than {days} days ago: {', '.join(found.waiting)}")
    if not apply:
        click.echo("nothing was done; --apply does it")

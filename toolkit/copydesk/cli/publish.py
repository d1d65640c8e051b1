"""``copydesk publish``: agreed labels to a version of a dataset."""

from __future__ import annotations

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.datasets.rules import LEVELS


@click.command("publish")
@click.argument("name", required=False, default="", shell_complete=complete.datasets)
@click.option(
    "--bump", type=click.Choice(LEVELS), help="Move the version number so far, or refuse where it must move further."
)
@click.option(
    "--to",
    "place",
    default="",
    help="Where datasets lie, such as s3://news/datasets, instead of where the settings say.",
)
@click.option(
    "--single-writer",
    is_flag=True,
    help="Say that nobody else ever publishes there: for a store without conditional writes.",
)
@schema_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, name: str, bump: str | None, place: str, single_writer: bool, schema: str, as_json: bool
) -> None:
    """Write the next version of the dataset NAME (by default the workspace's name) into datasets/NAME.

    Of another schema than the first, the dataset is called NAME-SCHEMA.

    The tables are validated first; nothing is published past an error. Where nothing changed since the last version, none is
    made.
    """
    from copydesk.flow import release
    from copydesk.remote import place_at

    report_each(
        ctx,
        schema,
        lambda workspace, progress: release.publish(
            workspace,
            name if workspace.is_first or not name else f"{name}-{workspace.schema_name}",
            bump=bump or "",
            home=place_at(place) if place else None,
            single_writer=single_writer,
            progress=progress,
        ),
        as_json=as_json,
    )

"""``copydesk doctor``: what is wrong, and what mends it."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.flow import doctor


@click.command("doctor")
@click.option("--fix", is_flag=True, help="Mend what is safely mended; nothing that a person marked is changed.")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, fix: bool, schema: str, as_json: bool) -> None:
    """Look for all that is wrong in the project on Label Studio and in this workspace.

    Each finding has a code, a count, an example, and the command that mends it. Exit code 1 where any is open.
    """
    report_each(
        ctx,
        schema,
        lambda workspace, progress: doctor.doctor(workspace, fix=fix, progress=progress),
        as_json=as_json,
        fault_of=doctor.finding_fault,
    )

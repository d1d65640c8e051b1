"""``copydesk doctor``: what is wrong, and what mends it."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report, progress_shown
from copydesk.flow import doctor


@click.command("doctor")
@click.option("--fix", is_flag=True, help="Mend what is safely mended; nothing that a person marked is changed.")
@json_option
@click.pass_context
def command(ctx: click.Context, fix: bool, as_json: bool) -> None:
    """Look for all that is wrong in the project on Label Studio and in this workspace.

    Each finding has a code, a count, an example, and the command that mends it. Exit code 1 where any is open.
    """
    with progress_shown(as_json=as_json) as progress:
        report = doctor.doctor(open_workspace(ctx), fix=fix, progress=progress)
    print_report(report, as_json=as_json, fault=doctor.finding_fault(report))

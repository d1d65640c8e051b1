"""``copydesk doctor``: what is wrong, and what mends it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from copydesk.cli.output import json_option, print_report, report_each, schema_option
from copydesk.model.marker import nearest_marked


@click.command("doctor")
@click.option("--fix", is_flag=True, help="Mend what is safely mended; nothing that a person marked is changed.")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, fix: bool, schema: str, as_json: bool) -> None:
    """Look for all that is wrong on this machine, in the project on Label Studio and in this workspace.

    Of the machine each check is told, as ok, warn or fail: Python, packages and extras, disk, rights, clock, the embedded server's
    port, Label Studio's release. Each finding has a code, a count, an example, and the command that mends it. Exit code 1 where any
    is open. Where there is no workspace, the machine alone is looked at.
    """
    from copydesk.flow import doctor

    named = ctx.find_root().obj or os.environ.get("COPYDESK_WORKSPACE")
    if not named and nearest_marked(Path.cwd()) is None:
        report = doctor.machine(Path.cwd())
        print_report(report, as_json=as_json, fault=doctor.finding_fault(report))
        return
    report_each(
        ctx,
        schema,
        lambda workspace, progress: doctor.doctor(workspace, fix=fix, progress=progress),
        as_json=as_json,
        fault_of=doctor.finding_fault,
    )

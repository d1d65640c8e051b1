"""``copydesk pull``: labels from Label Studio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.model.progress import Progress

if TYPE_CHECKING:
    from copydesk.flow.report import Report
    from copydesk.workspace import Workspace


@click.command("pull")
@click.option(
    "--whole",
    is_flag=True,
    help="Look at every task: finds also what Label Studio changes without telling a time.",
)
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, whole: bool, schema: str, as_json: bool) -> None:
    """Fetch every annotation that is new, changed or gone since the last pull, into the pull log.

    Nothing that was ever pulled is overwritten, and what was pulled from another project or server stays. Labels that do not fit their text or the schema are kept as rejected,
    with the reason. Where [validation] gates names labels, they are validated, too.
    """
    from copydesk.flow import studio
    from copydesk.flow.gates import at_gate, findings_fault

    fetch = studio.pull_whole if whole else studio.pull

    def work(workspace: Workspace, progress: Progress) -> Report:
        return at_gate(workspace, fetch(workspace, progress=progress), "labels", progress=progress)

    report_each(ctx, schema, work, as_json=as_json, fault_of=findings_fault)

"""``copydesk agree``: labels to agreed labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.errors import CopydeskError
from copydesk.model.progress import Progress

if TYPE_CHECKING:
    from copydesk.flow.report import Report
    from copydesk.workspace import Workspace


@click.command("agree")
@click.option("--strict", is_flag=True, help="Leave with exit code 1 where annotators' disputes are open.")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, strict: bool, schema: str, as_json: bool) -> None:
    """Measure agreement between the annotators and decide which labels hold, by the rule of [agree] in copydesk.toml.

    What is in doubt is a dispute: it is listed, and not published. Where [validation] gates names agreed, the agreed labels are
    validated, too.
    """
    from copydesk.flow import agree
    from copydesk.flow.gates import at_gate, findings_fault

    def work(workspace: Workspace, progress: Progress) -> Report:
        return at_gate(workspace, agree.agree(workspace, progress=progress), "agreed", progress=progress)

    def fault_of(report: Report) -> CopydeskError | None:
        return findings_fault(report) or (agree.dispute_fault(report) if strict else None)

    report_each(ctx, schema, work, as_json=as_json, fault_of=fault_of)

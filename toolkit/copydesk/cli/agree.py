"""``copydesk agree``: labels to agreed labels."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.flow import agree


@click.command("agree")
@click.option("--strict", is_flag=True, help="Leave with exit code 1 where annotators' disputes are open.")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, strict: bool, schema: str, as_json: bool) -> None:
    """Measure agreement between the annotators and decide which labels hold, by the rule of [agree] in copydesk.toml.

    What is in doubt is a dispute: it is listed, and not published.
    """
    report_each(
        ctx,
        schema,
        lambda workspace, progress: agree.agree(workspace, progress=progress),
        as_json=as_json,
        fault_of=lambda report: agree.dispute_fault(report) if strict else None,
    )

"""``copydesk agree``: labels to agreed labels."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report, progress_shown
from copydesk.flow import labels


@click.command("agree")
@click.option("--strict", is_flag=True, help="Leave with exit code 1 where annotators' disputes are open.")
@json_option
@click.pass_context
def command(ctx: click.Context, strict: bool, as_json: bool) -> None:
    """Measure agreement between the annotators and decide which labels hold, by majority.

    A tie is a dispute: it is listed, and not published.
    """
    with progress_shown(as_json=as_json) as progress:
        report = labels.agree(open_workspace(ctx), progress=progress)
    print_report(report, as_json=as_json, fault=labels.dispute_fault(report) if strict else None)

"""``copydesk agree``: labels to agreed labels."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report
from copydesk.errors import DisputeError
from copydesk.flow import labels


@click.command("agree")
@click.option("--strict", is_flag=True, help="Leave with exit code 1 where annotators' disputes are open.")
@json_option
@click.pass_context
def command(ctx: click.Context, strict: bool, as_json: bool) -> None:
    """Measure agreement between the annotators and decide which labels hold, by majority.

    A tie is a dispute: it is listed, and not published.
    """
    report = labels.agree(open_workspace(ctx))
    print_report(report, as_json=as_json)
    disputes = report.counts["disputes"]
    if strict and disputes:
        raise DisputeError(
            f"{disputes} disputes are open",
            fix="have the annotators or a third one decide them, then pull and agree again",
        )

"""``copydesk adjudicate``: disputes to a person who decides them, and the decisions back."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.flow import adjudicate


@click.command("adjudicate")
@click.option("--pull", is_flag=True, help="Fetch decisions only; ask for nothing new.")
@click.option("--gaps", is_flag=True, help="List what was decided because the guidelines do not tell it.")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, pull: bool, gaps: bool, schema: str, as_json: bool) -> None:
    """Have what annotators dispute decided: one question, one key, in a project of its own on Label Studio.

    Run it again after decisions were made: it fetches them, agrees again, and asks for what is open still. Decisions are kept
    for good, and hold as long as the readings that were shown are those that compete.
    """
    if pull and gaps:
        raise click.UsageError("--pull and --gaps do two things: name one of them")
    work = adjudicate.pull_only if pull else adjudicate.adjudicate
    report_each(
        ctx,
        schema,
        lambda workspace, progress: adjudicate.gaps(workspace) if gaps else work(workspace, progress=progress),
        as_json=as_json,
    )

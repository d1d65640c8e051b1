"""``copydesk send-back``: a task to who made it, with a remark."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_report, progress_shown
from copydesk.flow import send_back


@click.command("send-back")
@click.argument("target", metavar="[TASK|DOCUMENT]", default="")
@click.argument("annotator", default="")
@click.option("--remark", default="", help="What the annotator is told, above the text and at each of the marks.")
@click.option(
    "--all", "every", is_flag=True, help="Give back what adjudicators sent back, one person for each decision."
)
@one_schema_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, target: str, annotator: str, remark: str, every: bool, schema: str, as_json: bool
) -> None:
    """Give a task back to the ANNOTATOR (name or pseudonym) who submitted it, with her own marks and a remark.

    TASK is the task's number in Label Studio, DOCUMENT a doc_id or source. What was submitted is pulled first, and counts no more
    until it is submitted again. A task that others are to do yet is not given back: they would be shown the marks.
    """
    if every == bool(target or annotator or remark) or (not every and not (target and annotator and remark)):
        raise click.UsageError("name a task or document, an annotator and --remark; or --all, and nothing else")
    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    with progress_shown(as_json=as_json) as progress:
        if every:
            report = send_back.send_back_all(workspace, progress=progress)
        else:
            report = send_back.send_back(workspace, target, annotator, remark=remark, progress=progress)
    print_report(report, as_json=as_json)

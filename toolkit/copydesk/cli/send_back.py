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
@click.option(
    "--finding", "codes", multiple=True, help="Give back what the last validation found under this code, such as S14."
)
@click.option(
    "--failed-gold", is_flag=True, help="Give back gold that somebody got wrong; --remark changes what is said."
)
@click.option(
    "--min-f1", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="With --failed-gold: less is wrong."
)
@one_schema_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    target: str,
    annotator: str,
    remark: str,
    every: bool,
    codes: tuple[str, ...],
    failed_gold: bool,
    min_f1: float,
    schema: str,
    as_json: bool,
) -> None:
    """Give a task back to the ANNOTATOR (name or pseudonym) who submitted it, with her own marks and a remark.

    TASK is the task's number in Label Studio, DOCUMENT a doc_id or source. What was submitted is pulled first, and counts no more
    until it is submitted again. A task that others are to do yet is not given back: they would be shown the marks. Gold is, and is kept
    from the others until then. Nothing is given back twice for the same decision, finding or gold.
    """
    one = bool(target and annotator and remark)
    if (every, bool(codes), failed_gold, bool(target)).count(True) != 1 or (not one and (target or annotator)):
        raise click.UsageError(
            "name a task or document, an annotator and --remark; or --all, --finding or --failed-gold"
        )
    if remark and (every or codes):
        raise click.UsageError("with --all and --finding the remark is that of the decision or finding")
    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    with progress_shown(as_json=as_json) as progress:
        if every:
            report = send_back.send_back_all(workspace, progress=progress)
        elif codes:
            report = send_back.send_back_found(workspace, codes, progress=progress)
        elif failed_gold:
            report = send_back.send_back_failed_gold(workspace, min_f1=min_f1, remark=remark, progress=progress)
        else:
            report = send_back.send_back(workspace, target, annotator, remark=remark, progress=progress)
    print_report(report, as_json=as_json)

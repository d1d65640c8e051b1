"""``copydesk send-back``: a task to who made it, with a remark."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_report
from copydesk.cli.progress import progress_shown

if TYPE_CHECKING:
    from copydesk.flow.report import Report


@click.command("send-back")
@click.argument("target", metavar="[TASK|DOCUMENT]", default="", shell_complete=complete.documents)
@click.argument("annotator", default="", shell_complete=complete.people)
@click.option("--remark", default="", help="What the annotator is told, above the text and at each of the marks.")
@click.option(
    "--all", "every", is_flag=True, help="Give back what adjudicators sent back, one person for each decision."
)
@click.option(
    "--finding",
    "codes",
    multiple=True,
    help="Give back what the last validation found under this code, such as S20: the rows that the finding names.",
)
@one_schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, /, schema: str, as_json: bool, **asked: Any) -> None:
    """Give a task back to the ANNOTATOR (name or pseudonym) who submitted it, with her own marks and a remark.

    TASK is the task's number in Label Studio, DOCUMENT a doc_id or source. What was submitted is pulled first, and counts no more
    until it is submitted again. A task that others are to do yet is not given back: they would be shown the marks. Nothing is given
    back twice for the same decision or finding. Gold that somebody got wrong: copydesk quality send-back.
    """
    give = _meant(**asked)
    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    with progress_shown(as_json=as_json) as progress:
        report = give(workspace, progress=progress)
    print_report(report, as_json=as_json)


def _meant(target: str, annotator: str, remark: str, *, every: bool, codes: tuple[str, ...]) -> Callable[..., Report]:
    """Say what is to be done; the three ways exclude each other."""
    from copydesk.flow import send_back

    named = (target, annotator, remark)
    if all(named) and not every and not codes:
        return partial(send_back.send_back, target=target, annotator=annotator, remark=remark)
    if any(named) or every == bool(codes):
        raise click.UsageError(
            "name a task or document, an annotator and --remark; or --all or --finding, and nothing else"
        )
    return send_back.send_back_all if every else partial(send_back.send_back_found, codes=codes)

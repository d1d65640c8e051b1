"""``copydesk retract``: an article that is taken back, from every dataset."""

from __future__ import annotations

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, open_workspace, print_report
from copydesk.cli.progress import progress_shown


@click.command("retract")
@click.argument("article", shell_complete=complete.documents)
@click.option("--reason", required=True, help="Why; whoever loads a version that holds it is told.")
@json_option
@click.pass_context
def command(ctx: click.Context, article: str, reason: str, as_json: bool) -> None:
    """Take an ARTICLE (its source, URL or doc_id) and its copies back from every dataset of the workspace.

    Of each dataset that holds it a version without it is published, and every version with it is yanked. It is never published again.
    Where that version does not pass the gate before it, nothing is published or yanked: exit code 1, or 4 where it could not be judged.
    """
    from copydesk.flow.retract import retract

    with progress_shown(as_json=as_json) as progress:
        report = retract(open_workspace(ctx), article, reason=reason, progress=progress)
    print_report(report, as_json=as_json)

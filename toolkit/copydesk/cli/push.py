"""``copydesk push``: documents to Label Studio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.model.progress import Progress

if TYPE_CHECKING:
    from copydesk.flow.report import Report
    from copydesk.workspace import Workspace


@click.command("push")
@click.option("--update", is_flag=True, help="Give tasks that nobody touched the suggestions of now, one request each.")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, schema: str, update: bool, as_json: bool) -> None:
    """Send every document that Label Studio has not yet got, as a task with suggestions.

    The project is made where there is none. Documents are looked up on the server by their identity and text first, so
    running again sends only what is missing. Where copydesk sample chooses what is labelled, no others are sent, and untouched tasks
    always get the suggestions and the order of now.
    """
    from copydesk.flow import studio

    def work(workspace: Workspace, progress: Progress) -> Report:
        return studio.push(workspace, update=update, progress=progress)

    report_each(ctx, schema, work, as_json=as_json)

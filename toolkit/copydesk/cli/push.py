"""``copydesk push``: documents to Label Studio."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.flow import studio


@click.command("push")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, schema: str, as_json: bool) -> None:
    """Send every document that Label Studio has not yet got, as a task with suggestions.

    The project is made where there is none. Documents are looked up on the server by their identity and text first, so
    running again sends only what is missing.
    """
    report_each(ctx, schema, lambda workspace, progress: studio.push(workspace, progress=progress), as_json=as_json)

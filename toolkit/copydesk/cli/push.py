"""``copydesk push``: documents to Label Studio."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report, progress_shown
from copydesk.flow import studio


@click.command("push")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Send every document that Label Studio has not yet got, as a task with suggestions.

    The project is made where there is none. Documents are looked up on the server by their identity and text first, so
    running again sends only what is missing.
    """
    with progress_shown(as_json=as_json) as progress:
        report = studio.push(open_workspace(ctx), progress=progress)
    print_report(report, as_json=as_json)

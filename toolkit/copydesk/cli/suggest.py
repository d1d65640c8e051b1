"""``copydesk suggest``: what annotators correct instead of starting from nothing."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.flow import suggest


@click.command("suggest")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, schema: str, as_json: bool) -> None:
    """Suggest labels for every document by the suggesters that [suggest] use of copydesk.toml names, put together.

    Those that learn do so from the labels that people agreed on (copydesk agree). What is up to date is not made again;
    copydesk push does the same first, and sends the suggestions with the tasks.
    """
    report_each(ctx, schema, lambda workspace, progress: suggest.suggest(workspace, progress=progress), as_json=as_json)

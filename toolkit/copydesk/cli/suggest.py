"""``copydesk suggest``: what annotators correct instead of starting from nothing."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option


@click.command("suggest")
@click.option(
    "--evaluate",
    "judge",
    is_flag=True,
    help="Judge suggesters by the agreed labels, and see what annotators did with suggestions.",
)
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, schema: str, judge: bool, as_json: bool) -> None:
    """Suggest labels for every document by the suggesters that [suggest] use of copydesk.toml names, put together.

    Those that learn do so from the labels that people agreed on (copydesk agree). What is up to date is not made again;
    copydesk push does the same first, and sends the suggestions with the tasks.

    --evaluate gives precision, recall and F1 of each suggester and of all together; one that learns is judged on documents that it
    did not learn from. It keeps what scores turn out to be worth, and suggestions are put together by that from then on.
    """
    from copydesk.flow import evaluate, suggest

    work = evaluate.evaluate if judge else suggest.suggest
    report_each(ctx, schema, lambda workspace, progress: work(workspace, progress=progress), as_json=as_json)

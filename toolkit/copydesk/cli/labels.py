"""``copydesk labels``: what can be said of agreed labels."""

from __future__ import annotations

from pathlib import Path

import click

from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_report
from copydesk.cli.progress import progress_shown


@click.group("labels")
def command() -> None:
    """Look for agreed labels that are likely to be wrong."""


@command.command("suspects")
@click.option("--first", type=click.IntRange(min=1), default=20, show_default=True, help="How many to tell.")
@click.option("--least", type=click.FloatRange(0, 1), default=0.4, show_default=True, help="Score of what is listed.")
@click.option(
    "--probabilities",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What a model says: doc_id, start, end, and a column for each label (Parquet, CSV, JSON Lines).",
)
@click.option(
    "--send",
    type=click.IntRange(min=1),
    is_flag=False,
    flag_value=20,
    help="Have that many of the first decided, as copydesk adjudicate has disputes decided; 20 where no number is given.",
)
@one_schema_option
@json_option
@click.pass_context
def suspects(
    ctx: click.Context,
    first: int,
    least: float,
    probabilities: Path | None,
    send: int | None,
    schema: str,
    as_json: bool,
) -> None:
    """Rank the labels that are likely to be wrong, the likeliest first.

    They have few votes, or the same words are mostly labelled otherwise, or a copy of the story is, or a model
    contradicts them. Places that are not labelled,
    though the same words mostly are, are listed too. Nothing is changed, unless somebody decides what --send asked for:
    copydesk adjudicate fetches it.
    """
    from copydesk.flow import suspects as flow

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    with progress_shown(as_json=as_json) as progress:
        options = flow.Options(least=least, first=first, probabilities=probabilities, send=send or 0)
        report = flow.suspects(workspace, options, progress=progress)
    print_report(report, as_json=as_json)


@command.command("ledger")
@click.option("--first", type=click.IntRange(min=1), default=20, show_default=True, help="How many surfaces to tell.")
@click.option("--odd", is_flag=True, help="Only surfaces of which some are labelled as most of them are not.")
@one_schema_option
@json_option
@click.pass_context
def ledger(ctx: click.Context, first: int, odd: bool, schema: str, as_json: bool) -> None:
    """Tell how the same words are labelled throughout the corpus, first those that are labelled in several ways.

    The odd ones can be decided, one key each: copydesk labels suspects --send.
    """
    from copydesk.flow import suspects as flow

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    with progress_shown(as_json=as_json) as progress:
        report = flow.ledger(workspace, first=first, odd=odd, progress=progress)
    print_report(report, as_json=as_json)

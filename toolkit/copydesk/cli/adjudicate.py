"""``copydesk adjudicate``: disputes to a person who decides them, and the decisions back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.model.progress import Progress

if TYPE_CHECKING:
    from copydesk.flow.report import Report
    from copydesk.workspace import Workspace


@click.command("adjudicate")
@click.option("--pull", is_flag=True, help="Fetch decisions only; ask for nothing new.")
@click.option("--gaps", is_flag=True, help="List what was decided because the guidelines do not tell it.")
@click.option(
    "--document",
    "documents",
    multiple=True,
    help="Have this document decided as a whole (its id or source); may be named several times.",
)
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, pull: bool, gaps: bool, documents: tuple[str, ...], schema: str, as_json: bool) -> None:
    """Have what annotators dispute decided: one question, one key, in a project of its own on Label Studio.

    Run it again after decisions were made: it fetches them, agrees again, and asks for what is open still. Decisions are kept
    for good, and hold as long as the readings that were shown are those that compete.

    Tangled documents are asked for as a whole, in a second project: the document with what is agreed as the start, and a tab for
    what each annotator made of it.
    """
    from copydesk.flow import adjudicate

    if pull + gaps + bool(documents) > 1:
        raise click.UsageError("--pull, --gaps and --document do different things: name one of them")

    def work(workspace: Workspace, progress: Progress) -> Report:
        if gaps:
            return adjudicate.gaps(workspace)
        if pull:
            return adjudicate.pull_only(workspace, progress=progress)
        return adjudicate.adjudicate(workspace, documents=documents, progress=progress)

    report_each(ctx, schema, work, as_json=as_json)

"""``copydesk why``: where one label came from, from the raw bytes to the versions that hold it."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_json
from copydesk.cli.terminal import plain
from copydesk.errors import UsageError


@click.command("why")
@click.argument("label_id")
@click.option("--dataset", default="", help="Look in the versions of this dataset alone.")
@click.option("--version", default="", help="Look in this version of the dataset alone.")
@json_option
@click.pass_context
def command(ctx: click.Context, label_id: str, dataset: str, version: str, as_json: bool) -> None:
    """Tell where the span or relation LABEL_ID came from: article, edits, text, suggestions, votes, decision, versions.

    It is looked for among the agreed labels, then in the published versions, the newest first. Nothing is asked of Label Studio.
    """
    from copydesk.flow import why as flow

    if version and not dataset:
        raise UsageError(f"version {version} of which dataset?", fix="name it with --dataset")
    told = flow.why(open_workspace(ctx), label_id, name=dataset, version=version)
    if as_json:
        print_json(told)
        return
    ends = " → ".join(f"{end['surface']!r}" for end in told["ends"])
    click.echo(plain(f"{told['id']}  {told['label']['label']}  {ends}  (in {told['found_in']})"))
    for step in told["steps"]:
        for number, line in enumerate(step["lines"]):
            click.echo(plain(f"{'' if number else step['step']:<11} {line}"))

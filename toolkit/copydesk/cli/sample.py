"""``copydesk sample``: which documents are labelled next, and what their labels say of all."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option


@click.command("sample")
@click.option("--more", is_flag=True, help="Choose another batch, though not all that was chosen is read.")
@click.option("--estimate", is_flag=True, help="Choose nothing: estimate how frequent labels are in all documents.")
@click.option(
    "--level", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True, help="Of the estimates' intervals."
)
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, more: bool, estimate: bool, level: float, schema: str, as_json: bool) -> None:
    """Choose the documents that copydesk push sends next, as [sample] of copydesk.toml says.

    A share of them is drawn at random, the others by what the strategies say: each document has a chance, and with each choice
    its probability is kept. So --estimate can say how frequent labels are in all documents, with intervals, from those
    that were chosen.
    """
    from copydesk.flow import estimate as of_all
    from copydesk.flow import sample

    if estimate:
        report_each(
            ctx,
            schema,
            lambda workspace, progress: of_all.estimate(workspace, level=level, progress=progress),
            as_json=as_json,
        )
        return
    report_each(
        ctx, schema, lambda workspace, progress: sample.sample(workspace, more=more, progress=progress), as_json=as_json
    )

"""``copydesk validate``: tables to findings."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.flow import validate
from copydesk.validation import CURRENT


@click.command("validate")
@click.option("--no-docs", is_flag=True, help="Do not build Great Expectations' pages.")
@click.option(
    "--gate",
    type=click.Choice(CURRENT),
    multiple=True,
    help="Only this gate: documents (after ingest), labels (after pull) or agreed (after agree); by default all three.",
)
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, no_docs: bool, gate: tuple[str, ...], schema: str, as_json: bool) -> None:
    """Check every table with the expectation suites in validation/.

    Exit code 1 where a finding is an error, 4 where a suite could not be evaluated in full or a table is empty.
    """
    report_each(
        ctx,
        schema,
        lambda workspace, progress: validate.validate(
            workspace, gates=gate or CURRENT, pages=not no_docs, progress=progress
        ),
        as_json=as_json,
        fault_of=validate.findings_fault,
    )

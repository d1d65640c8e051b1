"""``copydesk validate``: tables to findings."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.flow import release


@click.command("validate")
@click.option("--no-docs", is_flag=True, help="Do not build Great Expectations' pages.")
@schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, no_docs: bool, schema: str, as_json: bool) -> None:
    """Check every table with the expectation suites in validation/.

    Exit code 1 where a finding is an error, or where a suite could not be evaluated in full.
    """
    report_each(
        ctx,
        schema,
        lambda workspace, progress: release.validate(workspace, pages=not no_docs, progress=progress),
        as_json=as_json,
        fault_of=release.findings_fault,
    )

"""``copydesk validate``: tables to findings."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report, progress_shown
from copydesk.flow import release


@click.command("validate")
@click.option("--no-docs", is_flag=True, help="Do not build Great Expectations' pages.")
@json_option
@click.pass_context
def command(ctx: click.Context, no_docs: bool, as_json: bool) -> None:
    """Check every table with the expectation suites in validation/.

    Exit code 1 where a finding is an error, or where a suite could not be evaluated in full.
    """
    with progress_shown(as_json=as_json) as progress:
        report = release.validate(open_workspace(ctx), pages=not no_docs, progress=progress)
    print_report(report, as_json=as_json, fault=release.findings_fault(report))

"""``copydesk validate``: tables to findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from copydesk.cli.output import json_option, report_each, schema_option
from copydesk.model.progress import Progress
from copydesk.model.settings import CURRENT

if TYPE_CHECKING:
    from copydesk.flow.report import Report
    from copydesk.workspace import Workspace


@click.command("validate")
@click.option("--no-docs", is_flag=True, help="Do not build Great Expectations' pages.")
@click.option(
    "--gate",
    type=click.Choice(CURRENT),
    multiple=True,
    help="Only this gate: documents (after ingest), labels (after pull) or agreed (after agree); by default all three.",
)
@click.option(
    "--send-back",
    "returned",
    is_flag=True,
    help="Give what is found of single persons' labels back to them in Label Studio, with the finding's words.",
)
@click.option(
    "--tables",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Check the tables of this folder (TABLE.parquet or TABLE/*.parquet) instead, share by share, on the engine of [engine].",
)
@schema_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    no_docs: bool,
    gate: tuple[str, ...],
    returned: bool,
    tables: Path | None,
    schema: str,
    as_json: bool,
) -> None:
    """Check every table with the expectation suites in validation/.

    Exit code 1 where a finding is an error, 4 where a suite could not be evaluated in full or a table is empty.
    """
    from copydesk.flow.gates import findings_fault
    from copydesk.flow.send_back import send_back_findings
    from copydesk.flow.validate import validate
    from copydesk.flow.validate_files import validate_files

    gates = gate or CURRENT

    def work(workspace: Workspace, progress: Progress) -> Report:
        if tables:
            return validate_files(workspace, tables, gates=gates)
        report = validate(workspace, gates=gates, pages=not no_docs, progress=progress)
        return report.followed_by(send_back_findings(workspace, progress=progress)) if returned else report

    report_each(ctx, schema, work, as_json=as_json, fault_of=findings_fault)

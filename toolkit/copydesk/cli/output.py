"""What commands share: the ``--json`` option, the workspace, progress, and how a report is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from copydesk.cli import complete
from copydesk.cli.progress import progress_shown
from copydesk.cli.terminal import plain, print_error
from copydesk.errors import CopydeskError
from copydesk.model.progress import Progress

if TYPE_CHECKING:
    from copydesk.flow.report import Report
    from copydesk.workspace import Workspace

_PLACE = "copydesk.datasets"

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
place_option = click.option(
    "--at",
    default="",
    expose_value=False,
    callback=lambda ctx, _, place: ctx.meta.update({_PLACE: place}),
    help="Where datasets lie, such as s3://news/datasets; by default where the workspace says.",
)
schema_option = click.option(
    "--schema",
    shell_complete=complete.schemas,
    default="",
    help="One of the workspace's schemas; by default each in turn.",
)

one_schema_option = click.option(
    "--schema",
    shell_complete=complete.schemas,
    default="",
    help="One of the workspace's schemas; by default the first.",
)


def open_workspace(ctx: click.Context) -> Workspace:
    """Open the workspace that the command line names, or the nearest one upwards."""
    from copydesk.workspace import Workspace, from_environment

    named = ctx.find_root().obj
    return Workspace.open(Path(named)) if named else from_environment()


def datasets_of(ctx: click.Context) -> Path:
    """Give the folder that ``--at`` names, or where the workspace's datasets lie."""
    from copydesk.remote import place_at

    place = ctx.meta.get(_PLACE)
    return place_at(place) if place else open_workspace(ctx).datasets


def print_report(report: Report, *, as_json: bool, fault: CopydeskError | None = None) -> None:
    """Print what a stage did: its counts, why rows were rejected, and its facts.

    With ``fault`` the work was done and its outcome is not good: that is said too, and the command leaves with its exit code.
    """
    if as_json:
        print_json({**report.as_dict(), **(fault.as_dict() if fault else {})})
    else:
        _print_text(report)
    if fault:
        print_error(fault)
        click.get_current_context().exit(fault.exit_code)


def report_each(
    ctx: click.Context,
    schema: str,
    work: Callable[[Workspace, Progress], Report],
    *,
    as_json: bool,
    fault_of: Callable[[Report], CopydeskError | None] = lambda _: None,
) -> None:
    """Do a stage's work under the schema named, or under each that the workspace names, and print what it did.

    Where a report is not good, ``fault_of`` says so: the others are done all the same, and the command leaves with its exit code.
    """
    workspace = open_workspace(ctx)
    chosen = [workspace.under(name) for name in ([schema] if schema else workspace.schemas)]
    reports = []
    for one in chosen:
        with progress_shown(as_json=as_json) as progress:
            report = work(one, progress)
        if len(workspace.schemas) == 1:
            print_report(report, as_json=as_json, fault=fault_of(report))
            return
        reports.append(report if one.is_first else report.of(one.schema_name))
        if not as_json:
            _print_text(reports[-1])
    faults = [(report, fault) for report in reports if (fault := fault_of(report))]
    if as_json:
        print_json({"schemas": [report.as_dict() for report in reports], **(faults[0][1].as_dict() if faults else {})})
    for report, fault in faults:
        print_error(fault, of=report.stage)
    if faults:
        ctx.exit(faults[0][1].exit_code)


def _print_text(report: Report) -> None:
    if report.counts:
        click.echo(report_line(report))
    here = f"{Path.cwd()}/"
    for line in report.lines:
        # what lies below the working folder is named from there; below / that would be everything, web addresses too
        click.echo(plain(f"  {line if here == '//' else line.replace(here, '')}"))


def report_line(report: Report) -> str:
    """Give the first line of a report: the stage, and its counts."""
    counts = ", ".join(f"{number:,} {what}" for what, number in report.counts.items())
    return f"{report.stage:<9} {counts}{'' if report.changed else ' (nothing changed)'}"


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))

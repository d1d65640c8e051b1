"""``copydesk rebuild``: does a version come out the same when it is made again?"""

from __future__ import annotations

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, open_workspace, print_report
from copydesk.cli.progress import progress_shown


@click.command("rebuild")
@click.argument("name", shell_complete=complete.datasets)
@click.argument("version", shell_complete=complete.versions)
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, version: str, as_json: bool) -> None:
    """Make VERSION of the dataset NAME again from the inputs that it records, aside, and compare the two.

    Every table must say the same; under the writer that the manifest names, every file must have the same bytes. Exit code 1 where
    something came out otherwise; 3 where the version or a log of the workspace is not what it was.
    """
    from copydesk.flow import rebuild as flow

    workspace = open_workspace(ctx)
    with progress_shown(as_json=as_json) as progress:
        report = flow.rebuild(workspace, name, version, progress=progress)
    print_report(report, as_json=as_json, fault=flow.rebuild_fault(report))

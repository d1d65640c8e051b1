"""``copydesk pull``: labels from Label Studio."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report, progress_shown
from copydesk.flow import studio


@click.command("pull")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Fetch every annotation that is new, changed or gone since the last pull, into the pull log.

    Nothing that was ever pulled is overwritten. Labels that do not fit their text or the schema are kept as rejected,
    with the reason.
    """
    with progress_shown(as_json=as_json) as progress:
        report = studio.pull(open_workspace(ctx), progress=progress)
    print_report(report, as_json=as_json)

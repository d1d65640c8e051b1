"""``copydesk ingest``: articles in, documents out."""

from __future__ import annotations

from pathlib import Path

import click

from copydesk.cli.output import json_option, open_workspace, print_report, progress_shown
from copydesk.flow import ingest


@click.command("ingest")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@json_option
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], as_json: bool) -> None:
    """Read articles (plain text, HTML) from PATHS and make documents of them.

    A folder gives its *.txt, *.html and *.htm files; without PATHS, those that copydesk.toml names. What was read before and
    has not changed is left alone. Files that cannot be read are kept as rejected, with the reason; exit code 1 where they
    are more than [ingest] max_rejected.
    """
    workspace = open_workspace(ctx)
    with progress_shown(as_json=as_json) as progress:
        report = ingest.ingest(workspace, paths, progress=progress)
    print_report(report, as_json=as_json, fault=ingest.rejected_fault(workspace, report))

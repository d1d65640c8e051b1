"""``copydesk import-export``: labels from a file that Label Studio exported."""

from __future__ import annotations

from pathlib import Path

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, open_workspace, print_report
from copydesk.cli.progress import progress_shown
from copydesk.errors import UsageError


@click.command("import-export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--schema",
    shell_complete=complete.schemas,
    default="",
    help="The schema that it was labelled under, where the workspace has several.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path, schema: str, as_json: bool) -> None:
    """Take FILE, a JSON export of a Label Studio project, into the pull log, and read the labels from it.

    For whom cannot reach the server: what comes in is treated as what pull fetches. Tasks that push made join their documents;
    the text of any other becomes a document, if none has just that text. The file may be compressed (gzip, zstd) or be in a zip.
    E-mail addresses of annotators are replaced by pseudonyms, and not kept. Drafts are kept, and count nowhere. Importing again
    changes nothing. Exit code 1 where nothing of the annotations is in the schema, or most regions quote other words than stand there; 2 for a file that is damaged or no such export,
    of which nothing is taken.
    """
    from copydesk.flow import exported
    from copydesk.flow.gates import at_gate, findings_fault

    workspace = open_workspace(ctx)
    if not schema and len(workspace.schemas) > 1:
        raise UsageError(
            f"this workspace has {len(workspace.schemas)} schemas: {', '.join(workspace.schemas)}",
            fix=f"name the one that {file.name} was labelled under, such as --schema {workspace.schema_name}",
        )
    workspace = workspace.under(schema or workspace.schema_name)
    with progress_shown(as_json=as_json) as progress:
        report = exported.import_export(workspace, file, progress=progress)
        report = at_gate(workspace, report, "labels", progress=progress)
    print_report(report, as_json=as_json, fault=exported.export_fault(report) or findings_fault(report))

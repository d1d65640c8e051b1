"""``copydesk ingest``: articles in, documents out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, open_workspace, print_json, print_report
from copydesk.cli.progress import progress_shown

_SHOWN = 400  # characters of a stretch that is cut or kept; --json gives all


@click.command("ingest")
@click.argument("paths", nargs=-1)
@click.option("--retry", is_flag=True, help="Read again whatever had something rejected.")
@click.option(
    "--explain",
    "document",
    metavar="DOC",
    shell_complete=complete.documents,
    help="Show a document beside its article, with every edit and rule.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], retry: bool, document: str | None, as_json: bool) -> None:
    """Read articles from PATHS and make documents of them.

    A path is a file, a folder, a pattern such as 'crawl/**/*.jsonl.gz', or a URL; without one, what copydesk.toml names is read.
    Plain text, HTML, RSS, Atom, JSON, CSV, TSV, Parquet and WARC are read, also compressed and in archives. What was read before
    and has not changed is left alone. What cannot be used is kept as rejected, with its place and the reason; exit code 1 where
    that is more than [ingest] max_rejected. Where [validation] gates names documents, they are validated, too.
    """
    from copydesk.flow import ingest
    from copydesk.flow.gates import at_gate, findings_fault

    workspace = open_workspace(ctx)
    if document is not None:
        from copydesk.flow.explain import explain

        explained = explain(workspace, document)
        print_json(explained) if as_json else _print_explained(explained)
        return
    with progress_shown(as_json=as_json) as progress:
        report = ingest.ingest(workspace, paths, progress=progress, retry=retry)
        report = at_gate(workspace, report, "documents", progress=progress)
    fault = ingest.rejected_fault(workspace, report) or findings_fault(report)
    print_report(report, as_json=as_json, fault=fault)


def _print_explained(explained: Mapping[str, Any]) -> None:
    """Print both texts in two columns, a row for each stretch."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    document, article = explained["document"], explained["article"]
    console = Console()
    console.print(Text(f"{document['doc_id']} revision {document['revision']}  {document['title'] or ''}"))
    console.print(
        Text(f"made from {document['source']} ({article['format']}, {article['encoding']}) by {document['recipe']}")
    )
    table = Table("zone", "article", "document", "rule of the edit", expand=True, show_lines=True)
    table.columns[1].ratio = table.columns[2].ratio = 1
    for stretch in explained["stretches"]:
        if not stretch["rule"] and not stretch["article"]["text"].strip():
            continue  # the blank between two blocks
        zone = stretch["zone"]
        became = Text(_short(stretch["document"]["text"]))
        if stretch["rule"] and not became:
            became = Text("(cut)", style="dim")
        kind = f"{zone['kind']}\n{zone['rule']}" if zone else ""
        table.add_row(Text(kind), Text(_short(stretch["article"]["text"])), became, Text(stretch["rule"]))
    console.print(table)


def _short(text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"
    return shown.replace("\n", "⏎\n").replace("\r", "␍").replace("\t", "␉")

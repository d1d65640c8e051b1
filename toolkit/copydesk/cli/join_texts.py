"""``copydesk join-texts``: texts put back into an export that has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from copydesk.cli.export import format_option, split_option, table_option, to_option
from copydesk.cli.output import json_option, open_workspace, print_report


@click.command("join-texts")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--texts",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of .txt or .parquet files; by default the texts of the workspace.",
)
@format_option
@to_option
@split_option
@table_option
@json_option
@click.pass_context
def command(ctx: click.Context, /, folder: Path, texts: Path | None, *, as_json: bool, **options: Any) -> None:
    """Put the texts back into FOLDER, which export made with --format parquet --without-text, and export that.

    Texts are found by their digest, and the words of every label are checked against theirs. Documents whose text is not found are
    named and left out. Licences are not asked: the texts are yours already.
    """
    from copydesk.flow import export

    found = export.texts_in(texts) if texts else export.texts_in_workspace(open_workspace(ctx))
    print_report(export.join_texts(folder, found, export.Wanted(**options)), as_json=as_json)

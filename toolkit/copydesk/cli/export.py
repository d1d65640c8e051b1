"""``copydesk export``: a published version in another tool's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_report
from copydesk.flow.export import ALL_FORMATS

format_option = click.option(
    "--format", type=click.Choice(list(ALL_FORMATS)), required=True, help="What it is written as."
)
to_option = click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder; an earlier export there is replaced.",
)
split_option = click.option("--split", "splits", multiple=True, help="train, validation or test; by default all.")
table_option = click.option(
    "--table",
    "tables",
    multiple=True,
    help="For csv, parquet, huggingface and delta: which tables; by default all, for huggingface the nested one.",
)


@click.command("export")
@click.argument("name", shell_complete=complete.datasets)
@click.argument("version", required=False, default="", shell_complete=complete.versions)
@format_option
@to_option
@split_option
@table_option
@place_option
@click.option("--without-text", is_flag=True, help="Offsets and digests instead of the articles' words.")
@click.option("--any-licence", is_flag=True, help="Also texts whose licences do not permit passing them on.")
@click.option(
    "--push",
    default="",
    metavar="OWNER/NAME",
    help="Send what parquet wrote to the Hugging Face Hub; HF_TOKEN says who.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, /, name: str, version: str, *, as_json: bool, **options: Any) -> None:
    """Write the labels of a published version as another tool reads them; without VERSION, of the newest one.

    What the format cannot hold, such as nested spans where each token has one tag, is counted, and listed in left-out.jsonl.
    """
    from copydesk.flow.export import Wanted, export_version

    print_report(export_version(datasets_of(ctx), name, version, Wanted(**options)), as_json=as_json)

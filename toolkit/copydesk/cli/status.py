"""``copydesk status``: counts at each stage; once, or on a screen that follows the work."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_json
from copydesk.cli.screen import SECONDS, fill_screen, until_told
from copydesk.cli.terminal import is_screen, print_rows
from copydesk.errors import StoreError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from copydesk.workspace import Workspace


@click.command("status")
@click.option("--rejected", is_flag=True, help="List every article that is rejected, with its place and the reason.")
@click.option("--watch", is_flag=True, help="Follow the work on a screen of its own, until q or Ctrl-C.")
@one_schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, rejected: bool, watch: bool, schema: str, as_json: bool) -> None:
    """Count what there is at each stage of this workspace.

    What is rejected is taken up by copydesk ingest once its file or a setting was changed, and by copydesk ingest --retry. With
    --watch, the line, what waits where, the pace and the people are shown as they change; where there is no terminal to fill, the
    counts are printed again whenever they change.
    """
    from copydesk.flow import look

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    if rejected:
        _print_rejected(look.rejected(workspace), as_json=as_json)
    elif watch:
        _watch(workspace, as_json=as_json)
    else:
        _print(workspace, as_json=as_json)


def _watch(workspace: Workspace, *, as_json: bool) -> None:
    """Show the work as it goes on until told to stop; where there is no screen, print the counts whenever they changed."""
    from copydesk.flow.desk import desk_key

    def key() -> str:
        return desk_key(workspace, datetime.now(UTC).date())

    if is_screen(sys.stdout) and not as_json:
        fill_screen(lambda out: _picture(workspace, out), key=key)
        return
    shown = ""
    with until_told():
        while True:
            if (now := key()) != shown:
                shown = now
                _print(workspace, as_json=as_json)
            time.sleep(SECONDS)


def _picture(workspace: Workspace, out: Console) -> RenderableType:
    """Draw the desk, once more where a command replaced a table while it was read."""
    from copydesk.cli.picture import picture
    from copydesk.flow.desk import labellings

    title, today = f"{workspace.settings.name}   {workspace.root}", datetime.now(UTC).date()
    try:
        return picture(labellings(workspace, today), out, title=title)
    except StoreError:
        time.sleep(SECONDS)
        return picture(labellings(workspace, today), out, title=title)


def _print(workspace: Workspace, *, as_json: bool) -> None:
    from copydesk.flow import look

    counts = look.status(workspace)
    if as_json:
        click.echo(json.dumps(counts, ensure_ascii=False))
        return
    for stage, numbers in counts.items():
        click.echo(f"{stage:<10} " + ", ".join(f"{number} {what}" for what, number in numbers.items()))


def _print_rejected(rows: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        print_json({"rejected": rows})
        return
    print_rows([(row["reason"], row["item"], row["detail"]) for row in rows], heads=("reason", "item", "detail"))
    click.echo(f"{len(rows):,} rejected")

"""``copydesk status``: what there is at each stage, and what waits; once, or on a screen that follows the work."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_json
from copydesk.cli.screen import SECONDS, fill_screen, until_told
from copydesk.cli.terminal import is_screen, plain, print_rows
from copydesk.errors import StoreError

if TYPE_CHECKING:
    from copydesk.flow.overview import Overview
    from copydesk.workspace import Workspace


@click.command("status")
@click.option("--rejected", is_flag=True, help="List every article that is rejected, with its place and the reason.")
@click.option("--watch", is_flag=True, help="Follow the work on a screen of its own, until q or Ctrl-C.")
@one_schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, rejected: bool, watch: bool, schema: str, as_json: bool) -> None:
    """Count what there is at each stage of this workspace, and tell what waits there.

    What is rejected is taken up by copydesk ingest once its file or a setting was changed, and by copydesk ingest --retry. With
    --watch, the line, the pace and the people are shown as they change; where there is no terminal to fill, the counts are printed
    again whenever they change.
    """
    from copydesk.flow import look

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    if rejected:
        _print_rejected(look.rejected(workspace), as_json=as_json)
    elif watch:
        _watch(workspace, as_json=as_json)
    elif as_json:
        print_json(_told(workspace))
    else:
        _print(_told(workspace))


def _watch(workspace: Workspace, *, as_json: bool) -> None:
    """Show the work as it goes on until told to stop; where there is no screen, print it whenever it changed."""
    from copydesk.flow.overview import stamp

    if is_screen(sys.stdout) and not as_json:
        from copydesk.cli.picture import picture

        title = f"{workspace.settings.name}   {workspace.root}"
        fill_screen(
            lambda out: picture(_overview(workspace), out, title=title, now=_now()),
            stamp=lambda: (stamp(workspace), _now().minute),
        )
        return
    shown = None
    with until_told():
        while True:
            if (now := stamp(workspace)) != shown:
                shown = now
                if as_json:
                    click.echo(json.dumps(_told(workspace), ensure_ascii=False, default=str))
                else:
                    _print(_told(workspace))
            time.sleep(SECONDS)


def _now() -> datetime:
    return datetime.now().astimezone()


def _overview(workspace: Workspace) -> Overview:
    """Look where the work stands, once more where a command replaced a table while it was read."""
    from copydesk.flow.overview import overview

    try:
        return overview(workspace, now=_now())
    except StoreError:
        time.sleep(SECONDS)
        return overview(workspace, now=_now())


def _told(workspace: Workspace) -> dict[str, Any]:
    from copydesk.flow import look

    return {**look.status(workspace), "overview": _overview(workspace).as_dict()}


def _print(told: dict[str, Any]) -> None:
    view = told.pop("overview")
    for stage, numbers in told.items():
        click.echo(f"{stage:<10} " + ", ".join(f"{number} {what}" for what, number in numbers.items()))
    waiting = [
        (f"{step['name']} {schema if len(view['under']) > 1 else ''}", f"{one['count']:,} {one['what']}", one["next"])
        for schema, steps in [("", view["shared"]), *view["under"].items()]
        for step in steps
        for one in step["waiting"]
    ]
    if waiting:
        click.echo("\nwaiting")
        print_rows(waiting, heads=("at", "what", "next"))


def _print_rejected(rows: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        print_json({"rejected": rows})
        return
    for row in rows:
        click.echo(plain(f"{row['reason']:<16} {row['item']}: {row['detail']}").replace("\n", "\\n"))
    click.echo(f"{len(rows):,} rejected")

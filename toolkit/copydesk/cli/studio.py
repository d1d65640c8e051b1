"""``copydesk studio``: the embedded Label Studio."""

from __future__ import annotations

import webbrowser

import click

from copydesk.cli.output import json_option, open_workspace, print_json
from copydesk.errors import StudioUnreachable


@click.group("studio")
def command() -> None:
    """Start, stop and look at the embedded Label Studio of this workspace."""


@command.command("start")
@json_option
@click.pass_context
def start(ctx: click.Context, as_json: bool) -> None:
    """Start Label Studio on 127.0.0.1, on a free port, and leave it running."""
    from copydesk.flow import studio

    say = (lambda _line: None) if as_json else (lambda line: click.echo(line, err=True))
    _print(studio.start_studio(open_workspace(ctx), say=say), as_json=as_json)


@command.command("stop")
@json_option
@click.pass_context
def stop(ctx: click.Context, as_json: bool) -> None:
    """Stop it. Nothing is lost: its data stays in .copydesk/studio."""
    from copydesk.flow import studio

    stopped = studio.stop_studio(open_workspace(ctx))
    if as_json:
        print_json({"stopped": stopped})
    else:
        click.echo("stopped" if stopped else "it was not running")


@command.command("status")
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say whether it runs, and where; exit code 3 where it does not."""
    from copydesk.flow import studio

    found = studio.studio_status(open_workspace(ctx))
    if found is None:
        raise StudioUnreachable("the embedded Label Studio is not running", fix="copydesk studio start")
    _print(found, as_json=as_json)


@command.command("open")
@json_option
@click.pass_context
def open_studio(ctx: click.Context, as_json: bool) -> None:
    """Open it in the browser."""
    from copydesk.flow import studio

    found = studio.studio_status(open_workspace(ctx))
    if found is None:
        raise StudioUnreachable("the embedded Label Studio is not running", fix="copydesk studio start")
    webbrowser.open(found["url"])
    _print(found, as_json=as_json)


def _print(found: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        click.echo(f"Label Studio: {found['url']}\nuser:         {found['user']}\npassword in:  {found['password_in']}")

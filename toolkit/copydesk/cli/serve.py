"""``copydesk serve``: the workspace's pages, on this machine."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack

import click

from copydesk.cli.output import json_option, open_workspace, print_json


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address of this machine to listen at: 127.0.0.1 or ::1."
)
@click.option("--port", type=click.IntRange(0, 65_535), default=8090, show_default=True, help="0 for a free one.")
@json_option
@click.pass_context
def command(ctx: click.Context, host: str, port: int, as_json: bool) -> None:
    """Show the workspace in a browser until Ctrl-C or SIGTERM: the desk, documents with their labels, agreement, findings, versions.

    Only this machine is answered, and only who has the token that is in the address printed. Nothing is written, and nothing is loaded
    from elsewhere.
    """
    from copydesk.flow import site

    workspace, end = open_workspace(ctx), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    with ExitStack() as running:
        at = running.enter_context(site.served(workspace, host=host, port=port, say=_say))
        if as_json:
            print_json({"serve": at})
        else:
            click.echo(f"serve: {at}")
        sys.stdout.flush()
        end.wait()


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)

"""``copydesk backend``: live suggestions in Label Studio."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack

import click

from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_json
from copydesk.cli.progress import progress_shown


@click.command("backend")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of this machine to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), default=9090, show_default=True, help="0 for a free one.")
@click.option("--url", default="", help="Where Label Studio reaches it; by default where it listens.")
@one_schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, host: str, port: int, url: str, schema: str, as_json: bool) -> None:
    """Serve suggestions to Label Studio as an ML backend until Ctrl-C or SIGTERM: a task that has none gets them when it is opened.

    It registers itself at the workspace's project and takes itself away in the end; annotators then go on with the suggestions that
    were sent. Label Studio logs in with a password that is made at the first start. What suggesters learn while it runs
    (copydesk agree), it uses after the next start. Documents that are sent bare stay without suggestions.
    """
    from copydesk.flow import backend

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    ready, end = threading.Event(), threading.Event()

    def leave(*_: object) -> None:
        end.set()
        if not ready.is_set():
            sys.exit(0)  # what is being made is made again at the next start

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    with ExitStack() as running:
        with progress_shown(as_json=as_json) as progress:
            made = backend.backend(workspace, host=host, port=port, url=url, say=_say, progress=progress)
            at, projects = running.enter_context(made)
        ready.set()
        if as_json:
            print_json({"backend": at, "projects": list(projects)})
        else:
            click.echo("\n".join([f"backend: {at}", *(f"project: {project}" for project in projects)]))
        end.wait()


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)

"""``copydesk watch``: pull again and again."""

from __future__ import annotations

import json
import os
import signal
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from copydesk.cli.output import open_workspace, print_report
from copydesk.cli.progress import progress_shown
from copydesk.errors import UsageError

if TYPE_CHECKING:
    from copydesk.flow.report import Report

TOKEN = "COPYDESK_WATCH_TOKEN"


@click.command("watch")
@click.option("--once", is_flag=True, help="Look once and leave; what goes wrong is an error then.")
@click.option("--agree", "with_agree", is_flag=True, help="After each pull that changed something, agree as well.")
@click.option("--listen", metavar="HOST:PORT", help=f"Look at once when a webhook posts to /TOKEN there ({TOKEN}).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for each pull.")
@click.pass_context
def command(ctx: click.Context, once: bool, with_agree: bool, listen: str | None, as_json: bool) -> None:
    """Pull whenever Label Studio has something new, until Ctrl-C or SIGTERM.

    A look that finds nothing new is one request. [watch] interval says how often, and longest how long the pause may grow while the
    server does not answer. Interrupted, it finishes what it is writing and leaves with exit code 0. A webhook only makes the
    next look happen now; what it says is not read.
    """
    from copydesk.flow import watch
    from copydesk.studio.hints import listening

    workspace = open_workspace(ctx)
    bell = watch.Bell()
    token = os.environ.get(TOKEN, "")
    if listen and len(token) < 16:
        raise UsageError("a webhook needs a token that nobody guesses", fix=f"set {TOKEN} to at least 16 characters")
    if not once:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: bell.stop())
    with (
        progress_shown(as_json=as_json) as progress,
        listening(listen, token=token, wake=bell.rung) if listen else nullcontext("") as heard_at,
    ):
        if heard_at and not as_json:
            click.echo(f"listening at {heard_at}", err=True)
        look = watch.look_once if once else None
        reports = (
            look(workspace, with_agree=with_agree, progress=progress)
            if look
            else watch.watch(workspace, bell=bell, with_agree=with_agree, progress=progress)
        )
        for report in reports:
            _print(report, as_json=as_json)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False, default=str))
    else:
        print_report(report, as_json=False)

"""``copydesk demo``: the whole line, once."""

from __future__ import annotations

from contextlib import closing

import click

from copydesk.cli.output import json_option, open_workspace, print_json, print_report
from copydesk.cli.progress import progress_shown


@click.command("demo")
@click.option("--keep", is_flag=True, help="Leave Label Studio running, to look at it.")
@json_option
@click.pass_context
def command(ctx: click.Context, keep: bool, as_json: bool) -> None:
    """Run the whole line on the seeds: from raw articles to a published dataset.

    Starts the embedded Label Studio, lets the recorded annotators of seeds/annotators submit their work through their own
    accounts, and publishes what they agree on. It stops what it started. Running it again doubles nothing; an interrupted
    run goes on where it was.
    """
    from copydesk.flow import demo

    workspace = open_workspace(ctx)
    say = (lambda _line: None) if as_json else (lambda line: click.echo(line, err=True))
    reports = []
    with (
        progress_shown(as_json=as_json) as progress,
        closing(demo.demo(workspace, keep=keep, say=say, progress=progress)) as stages,
    ):
        for report in stages:
            reports.append(report)
            if not as_json:
                print_report(report, as_json=False)
    if as_json:
        print_json({"stages": [report.as_dict() for report in reports]})

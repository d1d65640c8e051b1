"""``copydesk quality``: gold, and the gate that annotators pass on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_report
from copydesk.cli.progress import progress_shown
from copydesk.errors import UsageError

if TYPE_CHECKING:
    from copydesk.workspace import Workspace


@click.group("quality")
def command() -> None:
    """Hold annotators to labels that are known to be right, and keep these."""


@command.command("gate")
@click.option(
    "--min-f1", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="F1 on gold that is asked for."
)
@click.option(
    "--window", type=click.IntRange(min=1), default=20, show_default=True, help="Documents of gold, the last ones."
)
@click.option("--names", is_flag=True, help="Tell people's names instead of their pseudonyms, where they are known.")
@one_schema_option
@json_option
@click.pass_context
def gate(ctx: click.Context, min_f1: float, window: int, names: bool, schema: str, as_json: bool) -> None:
    """Judge every annotator by the documents of gold that they read last; exit code 1 where somebody falls short.

    Who falls short has a lower bound of F1 (Wilson, 95 %) under what is asked for. Who has read so little gold that even faultless
    work would not show it is undecided, and no failure.
    """
    from copydesk.flow import quality

    workspace = _under(ctx, schema)
    with progress_shown(as_json=as_json) as progress:
        report = quality.gate(workspace, min_f1=min_f1, window=window, names=names, progress=progress)
    print_report(report, as_json=as_json, fault=quality.gate_fault(report))


@command.command("qualify")
@click.argument("people", nargs=-1, required=True, shell_complete=complete.people)
@click.option(
    "--task", "doc_ids", multiple=True, help="A document of gold to qualify on (doc_id); by default all gold."
)
@click.option(
    "--min-f1", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="F1 on that gold that is asked for."
)
@one_schema_option
@json_option
@click.pass_context
def qualify(
    ctx: click.Context, people: tuple[str, ...], doc_ids: tuple[str, ...], min_f1: float, schema: str, as_json: bool
) -> None:
    """Have PEOPLE (names or pseudonyms) read gold before their labels count; copydesk quality gate says who has passed.

    The gold is asked of them through its tasks. What they read of it never votes, and what else they read not before they have passed;
    [quality] says otherwise where that is wanted.
    """
    from copydesk.flow import quality

    workspace = _under(ctx, schema)
    with progress_shown(as_json=as_json) as progress:
        report = quality.qualify(workspace, people, doc_ids, min_f1=min_f1, progress=progress)
    print_report(report, as_json=as_json)


@command.command("admit")
@click.argument("people", nargs=-1, required=True, shell_complete=complete.people)
@one_schema_option
@json_option
@click.pass_context
def admit(ctx: click.Context, people: tuple[str, ...], schema: str, as_json: bool) -> None:
    """Let all that PEOPLE (names or pseudonyms) read vote, whatever they have shown."""
    from copydesk.flow import quality

    print_report(quality.admit(_under(ctx, schema), people), as_json=as_json)


@command.command("send-back")
@click.option(
    "--min-f1", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="F1 on a task that is good enough."
)
@click.option("--remark", default="", help="What is said of all; by default to go through every mark again.")
@one_schema_option
@json_option
@click.pass_context
def send_back(ctx: click.Context, min_f1: float, remark: str, schema: str, as_json: bool) -> None:
    """Give every task of gold that somebody got wrong back to them, once, with their own marks.

    Nothing tells them that it is gold, or what is right. The gate goes on judging by what they submitted first. Others are not asked to
    do the task until it is submitted again.
    """
    from copydesk.flow.send_back import send_back_failed_gold

    workspace = _under(ctx, schema)
    with progress_shown(as_json=as_json) as progress:
        report = send_back_failed_gold(workspace, min_f1=min_f1, remark=remark, progress=progress)
    print_report(report, as_json=as_json)


@command.group("gold")
def gold() -> None:
    """List, add and retire documents whose labels are known to be right; Label Studio is told nothing of it."""


@gold.command("list")
@one_schema_option
@json_option
@click.pass_context
def list_gold(ctx: click.Context, schema: str, as_json: bool) -> None:
    """List the documents that are gold, where that comes from, and how many people have read each since."""
    from copydesk.flow import gold as flow

    print_report(flow.listed(_under(ctx, schema)), as_json=as_json)


@gold.command("add")
@click.argument("doc_ids", nargs=-1, shell_complete=complete.documents)
@one_schema_option
@json_option
@click.pass_context
def add(ctx: click.Context, doc_ids: tuple[str, ...], schema: str, as_json: bool) -> None:
    """Make gold of the agreed labels of DOC_IDS; without any, of all documents that are adjudicated, or that three people labelled alike."""
    from copydesk.flow import gold as flow

    workspace = _under(ctx, schema)
    with progress_shown(as_json=as_json) as progress:
        report = flow.add(workspace, doc_ids, progress=progress)
    print_report(report, as_json=as_json)


@gold.command("retire")
@click.argument("doc_ids", nargs=-1, shell_complete=complete.documents)
@click.option(
    "--exposures", type=click.IntRange(min=1), help="Retire what that many people have read since it is gold."
)
@one_schema_option
@json_option
@click.pass_context
def retire(ctx: click.Context, doc_ids: tuple[str, ...], exposures: int | None, schema: str, as_json: bool) -> None:
    """Retire DOC_IDS, or what many have read: nobody is measured any more by how they read it from now on."""
    from copydesk.flow import gold as flow

    if not doc_ids and exposures is None:
        raise UsageError("nothing is named to retire", fix="name documents, or say --exposures 30")
    print_report(flow.retire(_under(ctx, schema), doc_ids, exposures=exposures), as_json=as_json)


@gold.command("ask")
@click.option("--people", type=click.IntRange(min=1), required=True, help="How many people are to read each, in all.")
@one_schema_option
@json_option
@click.pass_context
def ask(ctx: click.Context, people: int, schema: str, as_json: bool) -> None:
    """Have gold read by more people than other documents, as honeypots: its tasks look like all others.

    Say it again when somebody joins, and after [studio] annotators_per_task was changed. copydesk doctor knows of it.
    """
    from copydesk.flow import gold as flow

    workspace = _under(ctx, schema)
    with progress_shown(as_json=as_json) as progress:
        report = flow.ask(workspace, people=people, progress=progress)
    print_report(report, as_json=as_json)


def _under(ctx: click.Context, schema: str) -> Workspace:
    workspace = open_workspace(ctx)
    return workspace.under(schema) if schema else workspace

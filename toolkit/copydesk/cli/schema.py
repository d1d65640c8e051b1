"""``copydesk schema``: labelling schemas as folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, open_workspace, print_json, print_report
from copydesk.cli.progress import progress_shown

if TYPE_CHECKING:
    from copydesk.model.migration import Plan

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("schema")
def command() -> None:
    """Make labelling schemas, check them, look at them, and change their labels."""


@command.command("new")
@click.argument("name")
@click.option("--label", "labels", multiple=True, help="A label of it; may be said several times.")
@json_option
@click.pass_context
def new(ctx: click.Context, name: str, labels: tuple[str, ...], as_json: bool) -> None:
    """Lay out the folder of a schema NAME, which can be used at once and is meant to be written on."""
    from copydesk.flow import schemas

    print_report(schemas.new(open_workspace(ctx), name, labels=labels), as_json=as_json)


@command.command("check")
@click.argument("name", required=False, default="", shell_complete=complete.schema_folders)
@click.option("--server", is_flag=True, help="Ask Label Studio, too, whether it takes the labelling configuration.")
@json_option
@click.pass_context
def check(ctx: click.Context, name: str, server: bool, as_json: bool) -> None:
    """Tell every fault of a schema, by its NAME or its folder; without one, of the first that the workspace names."""
    from copydesk.flow import schemas

    report = schemas.check(open_workspace(ctx), name, on_server=server)
    print_report(report, as_json=as_json, fault=schemas.faults_fault(report))


@command.command("preview")
@click.argument("name", required=False, default="", shell_complete=complete.schema_folders)
@click.option(
    "--output", "--out", "out", type=_FILE, help="Where the page is written; by default NAME-preview.html here."
)
@click.option("--xml", is_flag=True, help="Print Label Studio's labelling configuration instead.")
@json_option
@click.pass_context
def preview(ctx: click.Context, name: str, out: Path | None, xml: bool, as_json: bool) -> None:
    """Write one page that shows a schema without a server: labels, colours, keys, what may be said, guidelines."""
    from copydesk.flow import schemas

    workspace = open_workspace(ctx)
    if xml:
        config = schemas.config_of(workspace, name)
        print_json({"label_config": config}) if as_json else click.echo(config)
        return
    print_report(schemas.preview(workspace, name, file=out), as_json=as_json)


@command.command("from-xml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", default="", help="The schema's name; by default the file's.")
@json_option
@click.pass_context
def from_xml(ctx: click.Context, file: Path, name: str, as_json: bool) -> None:
    """Make the folder of a schema of Label Studio's labelling configuration FILE.

    What a schema cannot say is told by tag and place; the file is kept whole in the folder.
    """
    from copydesk.flow import schemas

    print_report(schemas.from_xml(open_workspace(ctx), file, name=name), as_json=as_json)


@command.command("migrate")
@click.option("--plan", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A plan (TOML).")
@click.option("--rename", multiple=True, metavar="OLD=NEW", help="Give a label another name.")
@click.option("--merge", multiple=True, metavar="A,B=NEW", help="Make one label of several.")
@click.option(
    "--split", multiple=True, metavar="OLD=A,B", help="Let people decide, span by span, among several labels."
)
@click.option("--drop", multiple=True, metavar="LABEL", help="Take a label away; what is marked with it is rejected.")
@click.option("--add", multiple=True, metavar="LABEL", help="Add a label.")
@click.option("--apply", is_flag=True, help="Do it; without this what it would touch is counted.")
@click.option("--undo", is_flag=True, help="Take the last migration back.")
@click.option(
    "--schema",
    shell_complete=complete.schemas,
    default="",
    help="One of the workspace's schemas; by default the first.",
)
@json_option
@click.pass_context
def migrate(ctx: click.Context, /, schema: str, apply: bool, undo: bool, as_json: bool, **plan: Any) -> None:
    """Rename, merge, split, drop and add labels: in the schema, on Label Studio, and in the workspace's labels.

    Without a plan, --apply goes on with the last one: after it was interrupted, or when what is split has been decided.
    """
    from copydesk.flow import migrate as flow

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    wanted = _plan(**plan)
    if undo and (wanted or apply):
        raise click.UsageError("--undo takes the last migration back, whatever its plan: say it alone")
    with progress_shown(as_json=as_json) as progress:
        if undo:
            report = flow.undo(workspace, progress=progress)
        else:
            report = flow.migrate(workspace, wanted, apply=apply, progress=progress)
    print_report(report, as_json=as_json)


def _plan(file: Path | None, **given: tuple[str, ...]) -> Plan | None:
    """Make the plan of a file or of options; None where there is neither."""
    from copydesk.flow.schemas import read_toml
    from copydesk.model.migration import read_plan

    if file and any(given.values()):
        raise click.UsageError("a plan is a file or options, not both")
    if file:
        return read_plan(read_toml(file), place=str(file))
    if not any(given.values()):
        return None
    data: dict[str, Any] = {"drop": list(given["drop"]), "add": list(given["add"])}
    data["rename"] = dict(_pair("--rename", one) for one in given["rename"])
    data["merge"] = {new: olds.split(",") for olds, new in (_pair("--merge", one) for one in given["merge"])}
    data["split"] = {old: news.split(",") for old, news in (_pair("--split", one) for one in given["split"])}
    return read_plan(data, place="the options")


def _pair(option: str, text: str) -> tuple[str, str]:
    left, sign, right = (part.strip() for part in text.partition("="))
    if not (left and sign and right):
        raise click.UsageError(f"{option} {text!r}: write it as on the left and right of one =")
    return left, right

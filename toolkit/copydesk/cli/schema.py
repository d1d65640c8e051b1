"""``copydesk schema``: labelling schemas as folders."""

from __future__ import annotations

from pathlib import Path

import click

from copydesk.cli.output import json_option, open_workspace, print_json, print_report
from copydesk.flow import schemas

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("schema")
def command() -> None:
    """Make labelling schemas, check them, and look at them."""


@command.command("new")
@click.argument("name")
@click.option("--label", "labels", multiple=True, help="A label of it; may be said several times.")
@json_option
@click.pass_context
def new(ctx: click.Context, name: str, labels: tuple[str, ...], as_json: bool) -> None:
    """Lay out the folder of a schema NAME, which can be used at once and is meant to be written on."""
    print_report(schemas.new(open_workspace(ctx), name, labels=labels), as_json=as_json)


@command.command("check")
@click.argument("name", required=False, default="")
@click.option("--server", is_flag=True, help="Ask Label Studio, too, whether it takes the labelling configuration.")
@json_option
@click.pass_context
def check(ctx: click.Context, name: str, server: bool, as_json: bool) -> None:
    """Tell every fault of a schema, by its NAME or its folder; without one, of the first that the workspace names."""
    report = schemas.check(open_workspace(ctx), name, on_server=server)
    print_report(report, as_json=as_json, fault=schemas.faults_fault(report))


@command.command("preview")
@click.argument("name", required=False, default="")
@click.option("--out", type=_FILE, help="Where the page is written; by default NAME-preview.html here.")
@click.option("--xml", is_flag=True, help="Print Label Studio's labelling configuration instead.")
@json_option
@click.pass_context
def preview(ctx: click.Context, name: str, out: Path | None, xml: bool, as_json: bool) -> None:
    """Write one page that shows a schema without a server: labels, colours, keys, what may be said, guidelines."""
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
    print_report(schemas.from_xml(open_workspace(ctx), file, name=name), as_json=as_json)

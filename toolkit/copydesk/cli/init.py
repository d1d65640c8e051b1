"""``copydesk init``: lay out a new workspace."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from copydesk.cli.output import json_option, print_json
from copydesk.cli.terminal import is_screen
from copydesk.model.name import NAME_RULE, is_name

Answers = dict[str, str | int]


def _name(value: str) -> str:
    if not is_name(value):
        raise click.BadParameter(f"{value!r} cannot be the name of a folder: {NAME_RULE}")
    return value


def _url(value: str) -> str:
    address = urlsplit(value)
    if value and (address.scheme not in {"http", "https"} or not address.hostname):
        raise click.BadParameter(f"{value!r} is no address of a server: write it as https://labels.example.org")
    return value


_MANY = click.IntRange(1, 1_000)


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", type=_name, metavar="NAME", help="What the dataset is called.")
@click.option("--schema", type=_name, metavar="NAME", help="What is labelled: a folder in schemas/.")
@click.option("--url", type=_url, metavar="URL", help="The Label Studio of your own; empty: the embedded one.")
@click.option("--annotators", type=_MANY, help="How many people read each article.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@json_option
def command(
    folder: Path,
    name: str | None,
    schema: str | None,
    url: str | None,
    annotators: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Lay out a new workspace in FOLDER: settings, labelling schemas, expectation suites and one article.

    On a terminal, and without options, four questions are asked; whatever the answers, they can be changed in copydesk.toml. Files
    that are there already are left as they are.
    """
    from copydesk.workspace import Workspace

    given = {"name": name, "schema": schema, "url": url, "annotators_per_task": annotators}
    answers: Answers = {key: value for key, value in given.items() if value is not None}
    asked = not (answers or yes or as_json) and is_screen(sys.stdin) and is_screen(sys.stdout)
    Workspace.check_new(folder)
    if asked:
        answers = _ask()
    workspace = Workspace.create(folder, answers=answers)
    settings = workspace.settings
    if as_json:
        print_json({"workspace": str(workspace.root), "name": settings.name, "schema": settings.schema})
        return
    click.echo(f"made a workspace in {workspace.root}")
    if asked:
        click.echo(f"the same without questions: {_again(folder, answers)}")
    if settings.studio.url:
        click.echo("set COPYDESK_STUDIO_TOKEN to your token of that Label Studio (Account & Settings)")
    click.echo(f"next: cd {folder}, put articles into seeds/ (or name others in copydesk.toml), copydesk ingest")


def _ask() -> Answers:
    """Ask what a newcomer can answer and would otherwise have to look for in copydesk.toml."""
    from copydesk.workspace import starter_schemas, starter_settings

    usual, schemas = starter_settings(), starter_schemas()
    click.echo("Four questions; Enter takes what is in brackets.\n")
    name = click.prompt("What is the dataset to be called?", default=usual.name, value_proc=_name)
    click.echo("\n" + "\n".join(f"  {schema:<20} {title}" for schema, title in schemas.items()))
    schema = click.prompt(
        "What is to be labelled?", default=usual.schema, type=click.Choice(list(schemas)), show_choices=False
    )
    click.echo("\n  Without an address, Copydesk runs a Label Studio of its own on this machine.")
    url = click.prompt(
        "Where is your Label Studio?",
        default="",
        value_proc=_url,
        prompt_suffix=" [the embedded one]: ",
        show_default=False,
    )
    annotators = click.prompt(
        "\nHow many people are to read each article?", default=usual.studio.annotators_per_task, type=_MANY
    )
    return {"name": name, "schema": schema, "url": url, "annotators_per_task": annotators}


def _again(folder: Path, answers: Answers) -> str:
    options = {"name": "--name", "schema": "--schema", "url": "--url", "annotators_per_task": "--annotators"}
    told = [word for key, option in options.items() for word in (option, str(answers[key]))]
    return shlex.join(["copydesk", "init", str(folder), *told])

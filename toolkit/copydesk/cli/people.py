"""``copydesk people``: annotators' accounts."""

from __future__ import annotations

import click

from copydesk.cli import complete
from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_json, print_report
from copydesk.cli.progress import progress_shown
from copydesk.cli.terminal import print_rows


@click.group("people")
def command() -> None:
    """Add annotators to Label Studio, list them, measure their work, and take them out."""


@command.command("add")
@click.argument("names", nargs=-1, required=True)
@json_option
@click.pass_context
def add(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Make an account in Label Studio for each of NAMES (letters, digits, - and _).

    Passwords are kept in .copydesk/people.json, which only you can read. A name that has an account is left as it is.
    """
    from copydesk.flow import studio

    workspace = open_workspace(ctx)
    _print(workspace.people_file.as_posix(), studio.add_people(workspace, names), as_json=as_json)


@command.command("disable")
@click.argument("names", nargs=-1, required=True, shell_complete=complete.people)
@json_option
@click.pass_context
def disable(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Take NAMES (or e-mail addresses) out of the organisation, for good.

    They see and change nothing any more, whatever token they have. What they annotated stays, under their pseudonym. Label Studio
    takes no account in again: whoever comes back gets another name.
    """
    from copydesk.flow import studio

    workspace = open_workspace(ctx)
    _print(workspace.people_file.as_posix(), studio.disable_people(workspace, names), as_json=as_json)


@command.command("list")
@json_option
@click.pass_context
def list_people(ctx: click.Context, as_json: bool) -> None:
    """List the annotators, their log-in names and their pseudonyms."""
    from copydesk.flow import studio

    workspace = open_workspace(ctx)
    _print(workspace.people_file.as_posix(), studio.list_people(workspace), as_json=as_json)


@command.command("lanes")
@click.argument("names", nargs=-1, required=True, shell_complete=complete.people)
@one_schema_option
@json_option
@click.pass_context
def lanes(ctx: click.Context, names: tuple[str, ...], schema: str, as_json: bool) -> None:
    """Give each of NAMES a tab in Label Studio that shows their part of the tasks.

    They open it and choose "Label Tasks As Displayed" beside Label All Tasks. Each task is in as many tabs as [studio]
    annotators_per_task says. Say it again, with all names, when tasks or people were added. Nobody is kept to their tab.
    """
    from copydesk.flow import studio

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    print_report(studio.set_lanes(workspace, names), as_json=as_json)


@command.command("report")
@click.option("--names", is_flag=True, help="Tell people's names instead of their pseudonyms, where they are known.")
@one_schema_option
@json_option
@click.pass_context
def report(ctx: click.Context, names: bool, schema: str, as_json: bool) -> None:
    """Measure every annotator: how much and how fast, F1 against others, agreed labels and gold, and where they differ.

    What is not defined says why. Nothing of this goes to Label Studio.
    """
    from copydesk.flow import people_report

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    with progress_shown(as_json=as_json) as progress:
        told = people_report.report(workspace, names=names, progress=progress)
    print_report(told, as_json=as_json)


def _print(file: str, people: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        print_json({"people": people, "passwords": file})
        return
    rows = [
        (person["pseudonym"] or "-", person["name"], person["email"], "disabled" if person.get("disabled") else "")
        for person in people
    ]
    print_rows(rows, heads=("pseudonym", "name", "log-in name", ""))
    click.echo(f"{len(people)} annotators; passwords are in {file}")

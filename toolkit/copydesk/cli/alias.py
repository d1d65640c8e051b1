"""``copydesk alias``: a name for a version, which may move."""

from __future__ import annotations

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_json
from copydesk.errors import UnknownError, UsageError
from copydesk.model.name import NAME_RULE, is_name


@click.command("alias")
@click.argument("name", shell_complete=complete.datasets)
@click.argument("alias")
@click.argument("version", required=False, default="", shell_complete=complete.versions)
@click.option("--remove", is_flag=True, help="Take the name away.")
@place_option
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, alias: str, version: str, remove: bool, as_json: bool) -> None:
    """Call a VERSION of the dataset NAME by an ALIAS such as stable; every command takes it for the number."""
    from copydesk.datasets.events import add_event, events_in, known_version, state_of
    from copydesk.datasets.load import home_of
    from copydesk.datasets.version import Version

    folder = home_of(name, folder=datasets_of(ctx))
    if remove == bool(version):
        raise click.UsageError("name a version, or --remove")
    if remove and alias not in state_of(events_in(folder)).aliases:
        raise UnknownError(f"no version of {name} is called {alias!r}", fix="copydesk log lists the aliases")
    if not is_name(alias) or Version.read(alias):
        raise UsageError(f"{alias!r} cannot be an alias", fix=NAME_RULE)
    if remove:
        event = add_event(folder, "unalias", alias=alias)
    else:
        event = add_event(folder, "alias", alias=alias, version=str(known_version(folder, version)))
    if as_json:
        print_json({"name": name, "seq": event.seq, "event": event.kind, **event.fields})
    else:
        click.echo(f"{name}: {alias} is no more" if remove else f"{name}: {alias} is {event.fields['version']}")

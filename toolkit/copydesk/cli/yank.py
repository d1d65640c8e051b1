"""``copydesk yank``: a version that nobody should load any more, with the reason."""

from __future__ import annotations

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_json


@click.command("yank")
@click.argument("name", shell_complete=complete.datasets)
@click.argument("version", shell_complete=complete.versions)
@click.option("--reason", help="Why; whoever loads the version is told.")
@click.option("--successor", default="", help="The version to load instead.")
@click.option("--undo", is_flag=True, help="Take it back.")
@place_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, name: str, version: str, reason: str | None, successor: str, undo: bool, as_json: bool
) -> None:
    """Mark a version so that it is not loaded as the newest one, and whoever asks for it is warned. Its files stay."""
    from copydesk.datasets.events import add_event, known_version, yanked_sentence
    from copydesk.datasets.load import home_of

    folder = home_of(name, folder=datasets_of(ctx))
    known = str(known_version(folder, version))
    instead = str(known_version(folder, successor)) if successor else ""
    if undo == bool(reason):
        raise click.UsageError("give --reason, or --undo")
    if undo:
        event = add_event(folder, "unyank", version=known)
        said = f"version {known} is not yanked any more"
    else:
        event = add_event(folder, "yank", version=known, reason=reason, successor=instead)
        said = yanked_sentence(known, str(reason), instead)
    if as_json:
        print_json({"name": name, "seq": event.seq, "event": event.kind, **event.fields})
    else:
        click.echo(f"{name}: {said}")

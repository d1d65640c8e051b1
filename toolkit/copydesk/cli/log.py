"""``copydesk log``: the versions of a dataset, and what was said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_json
from copydesk.cli.terminal import plain

if TYPE_CHECKING:
    from copydesk.datasets.version import Release


@click.command("log")
@click.argument("name", shell_complete=complete.datasets)
@place_option
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, as_json: bool) -> None:
    """List the versions of a dataset, newest first, with the reasons of each step, and what was said of them since."""
    from copydesk.datasets.events import events_in, state_of, yanked_sentence
    from copydesk.datasets.load import home_of
    from copydesk.datasets.version import open_release, versions_in

    folder = home_of(name, folder=datasets_of(ctx))
    events = events_in(folder)
    releases = [open_release(folder / str(version)) for version in reversed(versions_in(folder))]
    if as_json:
        told = [{"seq": one.seq, "event": one.kind, "at": one.at, **one.fields} for one in events]
        print_json({"name": name, "versions": [_told(one) for one in releases], "events": told})
        return
    state = state_of(events)
    for release in releases:
        number = str(release.version)
        names = [alias for alias, version in sorted(state.aliases.items()) if version == number]
        marks = "".join(f" ({one})" for one in names)
        click.echo(plain(f"{number}{marks}: {'; '.join(release.manifest['semver']['reasons'])}"))
        if number in state.yanked:
            click.echo(plain(f"  {yanked_sentence(number, *state.yanked[number])}"))
    for event in events:
        said = ", ".join(f"{key} {value}" for key, value in event.fields.items() if value)
        click.echo(plain(f"{event.at} {event.kind}: {said}"))


def _told(release: Release) -> dict[str, Any]:
    manifest = release.manifest
    kept = ("parent", "semver", "splits", "counts", "created_at")
    return {"version": str(release.version), **{key: manifest[key] for key in kept if key in manifest}}

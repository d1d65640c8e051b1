"""``copydesk compare``: may scores on the test sets of two versions be compared?"""

from __future__ import annotations

from pathlib import Path

import click

from copydesk.cli import complete
from copydesk.cli.output import datasets_of, json_option, place_option, print_json


@click.command("compare")
@click.argument("name", shell_complete=complete.datasets)
@click.argument("old", shell_complete=complete.versions)
@click.argument("new", shell_complete=complete.versions)
@click.option(
    "--mask",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the documents on which scores may be compared, as Parquet.",
)
@place_option
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, old: str, new: str, mask: Path | None, as_json: bool) -> None:
    """Say whether scores on the test sets of the versions OLD and NEW may be compared; where they may not, exit with 1.

    Scores on the documents of the mask alone may always be: both versions test them with the same text and labels.
    """
    from copydesk.datasets.compared import comparability
    from copydesk.datasets.events import known_version
    from copydesk.datasets.load import home_of
    from copydesk.store import write_table

    folder = home_of(name, folder=datasets_of(ctx))
    versions = [str(known_version(folder, one)) for one in (old, new)]
    found = comparability(folder / versions[0], folder / versions[1])
    if mask:
        write_table(mask, found.mask, sorted_by=("doc_id",))
    if as_json:
        print_json(
            {
                "name": name,
                "old": versions[0],
                "new": versions[1],
                "comparable": found.comparable,
                "both": found.mask.num_rows,
                "alone": list(found.alone),
            }
        )
    elif found.comparable:
        click.echo(
            f"scores of {versions[0]} and {versions[1]} may be compared: the same {found.mask.num_rows} test documents and labels"
        )
    else:
        click.echo(
            f"scores of {versions[0]} and {versions[1]} may not be compared: {found.mask.num_rows} test documents are the same, "
            f"{found.alone[0]} of {versions[0]} and {found.alone[1]} of {versions[1]} are not"
        )
    ctx.exit(0 if found.comparable else 1)

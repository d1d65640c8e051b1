"""``copydesk rules``: what the annotators' work says of the rules."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, open_workspace, print_report


@click.group("rules")
def command() -> None:
    """Suggest rules for residue from what the annotators marked."""


@command.command("suggest")
@click.option("--fewest", type=click.IntRange(min=1), default=2, show_default=True, help="Documents that a rule needs.")
@json_option
@click.pass_context
def suggest(ctx: click.Context, fewest: int, as_json: bool) -> None:
    """Print rules that find the residue which annotators marked, with their support, as text for a rule file.

    What a rule finds already is left out. Nothing is changed: paste what is good into the rule files.
    """
    from copydesk.flow import rules

    print_report(rules.suggest(open_workspace(ctx), fewest=fewest), as_json=as_json)

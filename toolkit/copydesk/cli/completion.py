"""``copydesk completion``: the script that has a shell complete commands, options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from copydesk.cli.output import json_option, print_json

_LOADED_BY = {
    "bash": 'eval "$(copydesk completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(copydesk completion zsh)"   # in ~/.zshrc, after compinit',
    "fish": "copydesk completion fish | source   # in ~/.config/fish/config.fish",
}


@click.command("completion", epilog="\b\n" + "\n".join(_LOADED_BY.values()))
@click.argument("shell", type=click.Choice(list(_LOADED_BY)))
@json_option
@click.pass_context
def command(ctx: click.Context, shell: str, as_json: bool) -> None:
    """Print the script that has SHELL complete commands, options, and the names of schemas, datasets, versions, documents and people."""
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(ctx.find_root().command, {}, "copydesk", "_COPYDESK_COMPLETE").source()
    print_json({"shell": shell, "script": script}) if as_json else click.echo(script)

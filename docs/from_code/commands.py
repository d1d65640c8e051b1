"""The reference of the command line: the click tree goes in, a section for every command comes out."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from copydesk.cli import COMMANDS, cli
from from_code.markdown import code, prose, table


def commands() -> str:
    """Describe every command in the order of the work, with every argument and option."""
    context = click.Context(cli, info_name="copydesk")
    parts = [_options(cli, context, rows=("option", "meaning"))]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts += _described(command, click.Context(command, info_name=name, parent=context), level=2)
    return "\n\n".join(part for part in parts if part)


def _described(command: click.Command, context: click.Context, *, level: int) -> Iterator[str]:
    path = context.command_path
    yield f"{'#' * level} {path}"
    yield f"```text\n{path} {' '.join(command.collect_usage_pieces(context))}\n```"
    yield "\n\n".join(prose(part) for part in inspect.cleandoc(command.help or "").split("\f")[0].split("\n\n"))
    yield _options(command, context, rows=("argument or option", "meaning"))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _described(inner, click.Context(inner, info_name=name, parent=context), level=level + 1)


def _options(command: click.Command, context: click.Context, *, rows: tuple[str, str]) -> str:
    told = [
        record
        for one in command.get_params(context)
        if isinstance(one, click.Option)
        for record in _record(one, context)
    ]
    return table(rows, ((code(names), prose(meaning)) for names, meaning in told)) if told else ""


def _record(option: click.Option, context: click.Context) -> Iterator[tuple[str, str]]:
    record = option.get_help_record(context)
    if record is not None and "--help" not in option.opts:
        yield record

"""The command line: parses, calls the flow and prints; it holds no logic of its own.

Commands are loaded when they are run, so that ``copydesk --help`` costs next to nothing.
"""

from __future__ import annotations

import json
import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

import click

from copydesk.cli.terminal import print_error
from copydesk.errors import CopydeskError, SystemFault, UsageError

INTERRUPTED = 130

# Name of the command, in the order of the work, and what --help says of it.
COMMANDS = {
    "init": "Lay out a new workspace in a folder.",
    "schema": "Make labelling schemas, check them, look at them, and change their labels.",
    "ingest": "Read articles and make documents of them.",
    "studio": "Start, stop and look at the embedded Label Studio.",
    "people": "Add annotators, list them, measure their work, and take them out.",
    "suggest": "Make the suggestions that annotators correct instead of starting from nothing.",
    "sample": "Choose the documents to label next, and estimate label frequencies from those that are.",
    "push": "Send the documents to Label Studio as tasks, with suggestions.",
    "backend": "Serve live suggestions to Label Studio, for tasks that have none.",
    "pull": "Fetch what the annotators did since the last pull.",
    "import-export": "Take a JSON export of Label Studio, where the server cannot be reached.",
    "watch": "Pull again and again, as soon as there is something new.",
    "backup": "Keep the whole project on Label Studio in the workspace.",
    "restore": "Make a project on Label Studio of a backup, and see that both are equal.",
    "doctor": "Look for all that is wrong in the project and the workspace, with what mends it.",
    "agree": "Measure agreement and decide which labels hold.",
    "adjudicate": "Have what annotators dispute decided, one key each, and fetch the decisions.",
    "send-back": "Give a task back to who made it, with a remark.",
    "labels": "Look for agreed labels that are likely to be wrong.",
    "quality": "Hold annotators to labels that are known to be right, and keep these.",
    "validate": "Check every table with Great Expectations.",
    "publish": "Write a new version of a dataset, if anything changed.",
    "load": "Print a published table, or say where it lies.",
    "verify": "Check every file of a version against its digests.",
    "why": "Tell where one label came from: raw bytes, edits, text, votes, decision, versions.",
    "rebuild": "Make a version again from what it was made from, and compare.",
    "log": "List the versions of a dataset and what was said of them.",
    "diff": "Say what changed between two versions, label by label.",
    "compare": "Say whether scores on two versions' test sets may be compared.",
    "yank": "Mark a version that nobody should load any more.",
    "alias": "Call a version by a name.",
    "export": "Write a version as other tools read it: CoNLL, spaCy, brat, Hugging Face and more.",
    "join-texts": "Put the texts back into an export that has none.",
    "retract": "Take an article and its copies back from every dataset.",
    "gc": "Remove the files of versions that were yanked long ago.",
    "rules": "Suggest rules for residue from what the annotators marked.",
    "status": "Count what there is at each stage.",
    "serve": "Show the workspace in a browser: the desk, documents and labels, agreement, findings, versions.",
    "report": "Write what serve shows of the work and the newest versions into one HTML file.",
    "show": "Print one document with its zones and labels, and where each label came from.",
    "completion": "Print what has a shell complete commands, options and names.",
    "demo": "Run the whole line once, from the seeds to a dataset.",
}


class Commands(click.Group):
    """The group of all commands; a command's module is imported when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"copydesk.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named; of one that is not there, say which it may have been."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            near = [f"copydesk {name}" for name in get_close_matches(args[0], COMMANDS)]
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {' or '.join(near)}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="copydesk")
@click.option(
    "--workspace",
    type=click.Path(file_okay=False),
    envvar="COPYDESK_WORKSPACE",
    help="The workspace's folder; by default the nearest one upwards with a copydesk.toml.",
)
@click.pass_context
def cli(ctx: click.Context, workspace: str | None) -> None:
    """Turn news articles into labelled, versioned datasets.

    articles → documents → tasks → people in Label Studio → labels → agreed labels → findings → version

    Exit codes: 0 done, 1 the data is not good, 2 wrong use, 3 a server or the environment.
    """
    ctx.obj = workspace


def main() -> None:
    """Run the command line and leave the process with the right exit code."""
    try:
        code = cli.main(prog_name="copydesk", standalone_mode=False)
    except click.exceptions.Abort:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed again, it would end the leaving with another exit code
        print("interrupted; run the command again to go on", file=sys.stderr)  # noqa: T201 - the one place that prints errors
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        context = getattr(error, "ctx", None)
        _print_json(
            UsageError(error.format_message(), fix=f"see {context.command_path if context else 'copydesk'} --help")
        )
        sys.exit(error.exit_code)
    except CopydeskError as error:
        _leave(error)
    except BrokenPipeError:
        sys.exit(1)  # who read our output has gone
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        _leave(SystemFault(f"the system refused{place}: {error.strerror}", fix="check the disk's space and the rights"))
    sys.exit(code if isinstance(code, int) else 0)


def _leave(error: CopydeskError) -> NoReturn:
    print_error(error)
    _print_json(error)
    sys.exit(error.exit_code)


def _print_json(error: CopydeskError) -> None:
    """Say an error on standard output, too, where JSON was asked for: one object, as for every other outcome."""
    if "--json" in sys.argv:
        print(json.dumps(error.as_dict(), ensure_ascii=False))  # noqa: T201

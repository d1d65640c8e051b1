"""Rules of errors: each says what is wrong, where, the fix and a code; what is mistyped is told what it may have been."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copydesk import errors

TOOLKIT = Path(errors.__file__).parent
COMMAND = [sys.executable, "-c", "from copydesk.cli import main; main()"]


def classes(of: type[errors.CopydeskError] = errors.CopydeskError) -> Iterator[type[errors.CopydeskError]]:
    yield of
    for one in of.__subclasses__():
        yield from classes(one)


def test_every_kind_of_error_has_a_code_of_its_own_and_an_exit_code_that_the_tree_tells() -> None:
    codes = [one.code for one in classes()]
    assert len(codes) == len(set(codes))
    assert {one.exit_code for one in classes()} == {1, 2, 3, 4}
    assert errors.__doc__
    assert [one.__name__ for one in classes() if one.__name__ not in errors.__doc__] == []


def test_whatever_is_raised_names_a_fix() -> None:
    kinds = {one.__name__ for one in classes()}
    without = [
        f"{path.relative_to(TOOLKIT)}:{call.lineno}"
        for path in sorted(TOOLKIT.rglob("*.py"))
        if "Error(" in (text := path.read_text(encoding="utf-8")) or "Studio" in text
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in kinds
        if not any(given.arg == "fix" for given in call.keywords)
    ]
    assert without == []


def test_a_terminal_shows_what_is_wrong_the_fix_and_the_code_on_lines_of_their_own(
    terminal: Callable[..., Any], tmp_path: Path
) -> None:
    shown = terminal("status", columns=200, cwd=tmp_path)
    assert shown.end() == 2
    first, fix, code = filter(None, shown.lines)
    assert first.startswith("copydesk: no copydesk.toml in ")
    assert fix.split()[:4] == ["fix", "run", "copydesk", "init"]
    assert code.split() == ["code", "workspace"]


def test_elsewhere_an_error_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, "status"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("(fix: run copydesk init DIR, or name a workspace with --workspace) [workspace]\n")


def test_an_error_that_names_what_others_wrote_moves_no_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--workspace", "\x1b[2Jx", "status"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ("\x1b" in done.stderr, r"\x1b[2Jx" in done.stderr) == (False, True)


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["statsu"], "copydesk status"),
        (["people", "disble"], "disable"),
        (["status", "--rejectd"], "--rejected"),
    ],
)
def test_what_is_mistyped_is_told_what_it_may_have_been(words: list[str], nearest: str) -> None:
    done = subprocess.run([*COMMAND, *words, "--json"], capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert (done.returncode, told["error"]) == (2, "usage")
    assert f"Did you mean {nearest}" in told["message"].replace("'", "")
    assert told["fix"].endswith("--help")

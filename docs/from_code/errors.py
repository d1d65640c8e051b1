"""The reference of what can be wrong: the error tree, every message with its fix, and what expectation suites find."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import copydesk
from copydesk import errors as tree
from from_code.markdown import code, prose, table

CALLED = "…"  # what a message names at run time
SEVERITIES = {"critical": "error", "warning": "warning", "info": "info"}


@cache
def errors() -> str:
    """Describe every error: code, exit code, meaning, and every message of it with its fix."""
    kinds = [one for one in vars(tree).values() if isinstance(one, type) and issubclass(one, tree.CopydeskError)]
    raised = sorted(set(_raised({one.__name__ for one in kinds})))
    parts = []
    for kind in kinds:
        rows = [(prose(message), prose(fix)) for name, message, fix in raised if name == kind.__name__]
        parts.append(f"### {kind.code}\n\n{prose(kind.__doc__ or '')} Exit code {kind.exit_code}.")
        parts += [table(("message", "fix"), rows)] if rows else []
    return "\n\n".join(parts)


def findings() -> str:
    """Describe what each expectation of the suites that ship finds."""
    folder = Path(copydesk.__file__).parents[2] / "validation"
    rows = []
    for file in sorted(folder.glob("*.json")):
        suite = json.loads(file.read_text(encoding="utf-8"))
        gate = suite["meta"].get("gate", "agreed")
        rows += [
            (code(one["meta"]["code"]), gate, SEVERITIES[one["severity"]], prose(one["description"]))
            for one in suite["expectations"]
        ]
    return table(("code", "gate", "severity", "what should hold"), sorted(rows))


def _raised(kinds: set[str]) -> Iterator[tuple[str, str, str]]:
    """Every error that the code makes with a message and a fix that are written where it is made."""
    for file in resources.files("copydesk").iterdir():
        yield from _raised_below(Path(str(file)), kinds)


def _raised_below(place: Path, kinds: set[str]) -> Iterator[tuple[str, str, str]]:
    for file in [place] if place.suffix == ".py" else sorted(place.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in kinds and call.args:
                fix = next((one.value for one in call.keywords if one.arg == "fix"), None)
                told = _text(call.args[0]), _text(fix) if fix else ""
                if told[0].strip(f"{CALLED} :"):
                    yield call.func.id, *told


def _text(written: ast.expr) -> str:
    """A message as it is written, with ``…`` for what it names at run time."""
    if isinstance(written, ast.Constant):
        return str(written.value)
    if isinstance(written, ast.JoinedStr):
        return "".join(_text(part) for part in written.values)
    return CALLED

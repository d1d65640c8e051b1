"""Rules of what pyproject.toml asks for: what is imported is declared, and what is imported together one extra brings."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fsspec.registry import known_implementations
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
TOOLKIT = ROOT / "toolkit"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORTING = ("import_module", "_library")
TO_COMPARE = "cleanlab"  # which users set beside what we find; we import nothing of it


def distributions(listed: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in listed}


CORE = distributions(PROJECT["dependencies"])
EXTRAS = {
    name: distributions(listed)
    for name, listed in PROJECT["optional-dependencies"].items()
    if name not in ("dev", TO_COMPARE)
}


def imported(scope: ast.AST) -> Iterator[str]:
    """Every module that is named in an import, or handed to a function that imports it."""
    for node in ast.walk(scope):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(attr=name), args=[ast.Constant(value=str(module)), *_]
            ):
                if name in IMPORTING:
                    yield module


@cache
def needed() -> dict[str, set[str]]:
    """The distributions besides the core that each class, function and other statement of a module imports from."""
    known = importlib.metadata.packages_distributions()
    found = {}
    for path in TOOLKIT.rglob("*.py"):
        for scope in ast.parse(path.read_text(encoding="utf-8")).body:
            roots = {module.partition(".")[0] for module in imported(scope)} - set(sys.stdlib_module_names)
            names = {canonicalize_name(known.get(root, [root])[0]) for root in roots} - CORE - {"copydesk"}
            if names:
                found[f"{path.relative_to(TOOLKIT)}:{scope.lineno}"] = names
    return found


def test_what_is_imported_together_the_core_and_one_extra_bring() -> None:
    lacking = {
        place: names for place, names in needed().items() if not any(names <= extra for extra in EXTRAS.values())
    }
    assert lacking == {}


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_nothing_that_is_not_imported(extra: str) -> None:
    by_fsspec = {canonicalize_name(one["class"].partition(".")[0]) for one in known_implementations.values()}
    assert EXTRAS[extra] - by_fsspec - set().union(*needed().values()) == set()

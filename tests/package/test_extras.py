"""Rules of what pyproject.toml asks for: what is imported is declared, and what is imported together one extra brings."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fsspec.registry import known_implementations
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from copydesk import remote

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
def needed() -> dict[str, dict[str, str]]:
    """The modules of others that each class, function and other statement of a module imports, with their distributions."""
    known = importlib.metadata.packages_distributions()
    ours = {"copydesk", *sys.stdlib_module_names}
    found = {}
    for path in TOOLKIT.rglob("*.py"):
        for scope in ast.parse(path.read_text(encoding="utf-8")).body:
            roots = {module: module.partition(".")[0] for module in imported(scope)}
            found[f"{path.relative_to(TOOLKIT)}:{scope.lineno}"] = {
                module: canonicalize_name(known.get(root, [root])[0])
                for module, root in roots.items()
                if root not in ours
            }
    return found


def modules_of(listed: set[str]) -> list[str]:
    return sorted({one for modules in needed().values() for one, name in modules.items() if name in listed})


def test_what_is_imported_together_the_core_and_one_extra_bring() -> None:
    beside = {place: set(modules.values()) - CORE for place, modules in needed().items()}
    assert [place for place, names in beside.items() if not any(names <= extra for extra in EXTRAS.values())] == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_nothing_that_is_not_imported(extra: str) -> None:
    by_fsspec = {canonicalize_name(one["class"].partition(".")[0]) for one in known_implementations.values()}
    imported_here = {name for modules in needed().values() for name in modules.values()}
    assert EXTRAS[extra] <= by_fsspec | imported_here


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_what_an_extra_is_for_can_be_imported_where_the_wheel_and_it_alone_are_installed(
    wheel: Path, tmp_path: Path, extra: str
) -> None:
    environment = tmp_path / "environment"
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    asked = f"copydesk[{extra}] @ {wheel.as_uri()}"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(environment), asked], check=True)
    schemes = [scheme for scheme, needs in remote.EXTRAS.items() if needs == extra]
    program = "\n".join(
        [
            "from copydesk import remote",
            *(f"import {module}" for module in modules_of(EXTRAS[extra] if extra else CORE)),
            *(f"remote.filesystem('{scheme}://bucket'), remote.faults('{scheme}')" for scheme in schemes),
        ]
    )
    without_ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [environment / "bin" / "python", "-c", program],
        cwd=tmp_path,
        env=without_ours | {"AZURE_STORAGE_ACCOUNT_NAME": "news"},  # Azure's package asks for it at once
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

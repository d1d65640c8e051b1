"""Rules of the built package: it holds what git holds, the index takes it, it is typed, and a workspace can be laid out from it alone."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from pathlib import Path
from copydesk import Workspace

workspace = Workspace.find(Path("."))
reveal_type(workspace.root)
reveal_type(workspace.schema())
Workspace.find(1)
"""


def kept_in_git(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(listed.stdout.split("\n")) - {""}


def test_the_wheel_holds_what_git_holds_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    code = {name.removeprefix("toolkit/") for name in kept_in_git("toolkit")}
    starter = {f"copydesk/starter/{name}" for name in kept_in_git("schemas", "validation", "seeds/004_sarn-pass.txt")}
    assert held == code | starter


def test_the_index_takes_the_wheel_and_the_sdist(wheel: Path) -> None:
    built = sorted(str(path) for path in wheel.parent.iterdir())
    assert len(built) == 2
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *built], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_who_uses_the_wheel_sees_its_types(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "environment"], cwd=tmp_path, check=True)
    (packages,) = tmp_path.glob("environment/lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(packages)
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", "environment/bin/python", "program.py"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in ("MYPYPATH", "PYTHONPATH")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.findall(r"(?:note|error): (.*)", done.stdout) == [
        'Revealed type is "pathlib.Path"',
        'Revealed type is "copydesk.model.schema.LabelSchema"',
        'Argument 1 to "find" of "Workspace" has incompatible type "int"; expected "Path"  [arg-type]',
    ]


def test_a_workspace_is_laid_out_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import copydesk; from pathlib import Path; from copydesk.workspace import Workspace\n"
        f"assert copydesk.__file__.startswith({str(tmp_path)!r}), copydesk.__file__\n"
        f"workspace = Workspace.create(Path({str(tmp_path / 'w')!r}))\n"
        "print(workspace.schema().name, len(list(workspace.suites.glob('*.json'))), len(list((workspace.root / 'seeds').glob('*.txt'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    schema, suites, seeds = done.stdout.split()
    assert (schema, int(suites) > 0, int(seeds)) == ("news-entities", True, 1)

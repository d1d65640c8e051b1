"""Rules of completion: a real shell completes commands, options and names, quickly, and never shows an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.cli import COMMANDS
from copydesk.flow.ingest import ingest
from copydesk.store import write_json
from copydesk.workspace import Workspace

HEAVY = ("pandas", "pyarrow", "numpy", "great_expectations", "label_studio_sdk", "pyspark", "httpx", "rich")
PROGRAM = f"""
import atexit, sys
atexit.register(lambda: print(*sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr))
from copydesk.cli import main; main()
"""
LOADING = {"export", "join-texts", "publish"}  # their options list what heavy modules know


def completed(words: str, cwd: Path) -> tuple[list[str], str]:
    """What is offered for the last of the words, and which heavy modules that loaded."""
    listed = words.split(" ")
    asked = {"_COPYDESK_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(listed) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=cwd,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line], done.stderr.strip()


@pytest.fixture
def named(workspace: Workspace) -> Workspace:
    """The workspace with a second schema, two versions of a dataset and an annotator."""
    settings = workspace.root / "copydesk.toml"
    settings.write_text('schemas = ["conflict-events"]\n' + settings.read_text(encoding="utf-8"), encoding="utf-8")
    for version in ("1.9.0", "1.10.0"):
        (workspace.root / "datasets" / "my-articles" / version).mkdir(parents=True)
    write_json(workspace.people_file, {"people": [{"name": "anna", "pseudonym": "A1"}], "others": []}, mode=0o600)
    return workspace


OFFERED = {
    "copydesk sta": ["status"],
    "copydesk people di": ["disable"],
    "copydesk status --w": ["--watch"],
    "copydesk agree --schema ": ["news-entities", "conflict-events"],
    "copydesk schema check a": ["attribution-claims"],
    "copydesk load my": ["my-articles"],
    "copydesk load my-articles ": ["1.10.0", "1.9.0"],
    "copydesk people disable ": ["anna"],
}


def test_what_begins_with_what_was_typed_is_offered_and_nothing_heavy_is_loaded(named: Workspace) -> None:
    assert {words: completed(words, named.root) for words in OFFERED} == {
        words: (offered, "") for words, offered in OFFERED.items()
    }


def test_documents_are_read_once_after_each_ingest(workspace: Workspace) -> None:
    (document,) = workspace.documents.read("documents")["doc_id"].to_pylist()
    offered, loaded = completed("copydesk show ", workspace.root)
    assert (sorted(offered), "pyarrow" in loaded) == ([document, "seeds/story.txt"], True)
    assert completed("copydesk show doc-", workspace.root) == ([document], "")
    (workspace.root / "seeds" / "more.txt").write_text("A headline\n\nMore was said.\n", encoding="utf-8")
    ingest(workspace, (), progress=lambda *_: None)
    assert "seeds/more.txt" in completed("copydesk show seeds/", workspace.root)[0]


def test_where_nothing_can_be_read_nothing_is_offered_and_nothing_said(tmp_path: Path) -> None:
    assert completed("copydesk show d", tmp_path) == ([], "")
    (tmp_path / "copydesk.toml").write_text("schema = [", encoding="utf-8")
    assert completed("copydesk agree --schema ", tmp_path) == ([], "")


SHELLS = {
    "bash": """
        eval "$(copydesk completion bash)"
        COMP_WORDS=(copydesk load my) COMP_CWORD=2
        _copydesk_completion copydesk && echo "${COMPREPLY[@]}"
    """,
    "zsh": """
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell 'autoload -U compinit; compinit -u -D; eval "$(copydesk completion zsh)"; PROMPT=; print ready'
        zpty -r -m shell line '*ready*ready*'
        zpty -w -n shell $'copydesk load my\\t'
        zpty -r -m shell line '*my-articles*' && print my-articles
    """,
    "fish": """
        copydesk completion fish | source
        complete --do-complete "copydesk load my"
    """,
}


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_completes_with_its_script(named: Workspace, shell: str) -> None:
    if not shutil.which(shell):
        lacking = f"needs {shell} (apt-get install {shell})"
        pytest.fail(lacking) if os.environ.get("CI") else pytest.skip(lacking)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [shell, "-c", SHELLS[shell]],
        cwd=named.root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "my-articles", done.stderr


def test_no_command_loads_anything_heavy_before_it_works() -> None:
    modules = [f"copydesk.cli.{name.replace('-', '_')}" for name in COMMANDS if name not in LOADING]
    program = f"import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\nprint(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

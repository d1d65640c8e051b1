"""Every command that the README shows is run, in its order, as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from subprocess import CompletedProcess

from copydesk.flow.connect import connected
from copydesk.flow.current import current_documents
from copydesk.model.reading import Columns
from copydesk.model.schema import LabelSchema
from copydesk.model.settings import (
    EngineSettings,
    IngestSettings,
    PublishSettings,
    QualitySettings,
    StudioSettings,
    WatchSettings,
)
from copydesk.store import read_secrets
from copydesk.studio.client import Studio
from copydesk.studio.recorded import read_recorded, submit
from copydesk.workspace import Workspace

Shell = Callable[..., CompletedProcess[str]]
ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
WORK = """
note = "made for a test"
name = "{name}"
["004_sarn-pass.txt"]
spans = [{{ quote = "Sarn Pass", label = "LOC" }}, {{ quote = "{other}", label = "GPE" }}]
"""


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCKS if name == kind]


def annotate(workspace: Workspace) -> None:
    """Do what Anna and Ben do in the browser."""
    people = {person["name"]: person for person in read_secrets(workspace.people_file)["people"]}
    schema: LabelSchema = workspace.schema()
    with connected(workspace) as studio:
        project = studio.get("api/projects/")["results"][0]["id"]
        for name, other in (("anna", "TELMAK"), ("ben", "Karsand")):
            record = read_recorded(WORK.format(name=name, other=other), place="test")
            with Studio(studio.url, people[name]["token"]) as own:
                documents = current_documents(workspace)
                submit(own, record, project_ids=[project], documents=documents, schema=schema, progress=lambda *_: None)


def test_the_two_commands_are_in_the_makefile() -> None:
    first = blocks("sh")[0].split("\n")
    assert first == ["make demo", "make test", ""]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "demo: $(READY)\n\t$(BIN)/copydesk demo\n" in makefile
    assert "test: $(READY)\n\t$(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder\n" in makefile


def test_the_installation_line_resolves(shell: Shell) -> None:
    line = re.search(r"`(pip install -c constraints\.txt '\.\[studio\]')`", README)
    assert line
    done = shell(f"{line[1]} --dry-run --no-deps --no-build-isolation --quiet --disable-pip-version-check", cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_the_commands_run_in_the_order_in_which_they_stand(
    label_studio_installed: None, tmp_path: Path, shell: Shell
) -> None:
    setting_up, labels_back, looking = blocks("sh")[1:4]
    done = shell(setting_up, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "my-articles"
    annotate(Workspace.find(folder))
    done = shell(labels_back, cwd=folder)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "my-articles 1.0.0, default (train): 1 rows" in done.stdout
    assert "my-articles 1.0.0: every file is what its digests say" in done.stdout
    done = shell(looking, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "← drawn by A1 in annotation" in done.stdout
    assert shell("copydesk studio status", cwd=folder).returncode == 3, "the last of them stops the server"


def test_no_command_of_the_readme_is_left_out() -> None:
    ran = "".join(blocks("sh")[:4])
    named = set(re.findall(r"copydesk (?:studio |people )?[a-z]+", README)) - {"copydesk init DIR"}
    unknown = {
        one
        for one in named
        if one not in ran
        and one
        not in {
            "copydesk load",
            "copydesk demo",
            "copydesk compare",
            "copydesk retract",
            "copydesk export",
            "copydesk why",
            "copydesk rebuild",
            "copydesk sample",
        }
    }
    assert unknown <= {"copydesk in", "copydesk to"}, unknown
    assert blocks("sh")[4:] == ["export COPYDESK_STUDIO_TOKEN=…\n"], (
        "a test in tests/studio shows tokens from the environment"
    )


def test_the_python_lines_load_what_the_demo_published(reference: Path, shell: Shell) -> None:
    (code,) = blocks("python")
    (reference / "load.py").write_text(code + "print(len(articles), len(spans) > 300)\n", encoding="utf-8")
    done = shell("python load.py", cwd=reference)
    assert done.stdout == "10 True\n", done.stderr
    done = shell("copydesk load conflict-news --table spans --rows 3", cwd=reference)
    assert "conflict-news 1.0.0, spans (train)" in done.stdout


def test_every_setting_that_the_readme_lists_can_be_set_and_the_other_way_round() -> None:
    listed = set(re.findall(r"`(\w+\.\w+|name|schemas?)`(?=[^|]*\|[^|]*\|)", README))
    listed |= set(re.findall(r"`((?:publish|ingest|studio|watch)\.\w+)`", README))
    kinds = {
        "ingest": IngestSettings,
        "engine": EngineSettings,
        "studio": StudioSettings,
        "publish": PublishSettings,
        "watch": WatchSettings,
        "quality": QualitySettings,
    }
    known = {f"{name}.{one.name}" for name, kind in kinds.items() for one in fields(kind)} | {
        "name",
        "schema",
        "schemas",
    }
    assert known - {"ingest.columns"} <= listed
    assert {one for one in listed if one.partition(".")[0] in kinds} <= known
    columns = re.search(r"`ingest\.columns\.…`.*", README)
    assert columns is not None
    assert {one.name for one in fields(Columns)} <= set(re.findall(r"`(\w+)`", columns[0]))

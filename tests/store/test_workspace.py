"""Rules of the workspace: found upwards, laid out from the starter, and its settings checked."""

from pathlib import Path

import pytest

from copydesk.errors import ConfigError, WorkspaceError
from copydesk.workspace import Workspace, from_environment


def write(folder: Path, settings: str) -> Path:
    (folder / "copydesk.toml").write_text(settings, encoding="utf-8")
    return folder


def test_the_workspace_is_the_nearest_folder_upwards(tmp_path: Path) -> None:
    write(tmp_path, 'name = "outer"\nschema = "s"')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert Workspace.find(inner).root == tmp_path.resolve()
    write(tmp_path / "a", 'name = "inner"\nschema = "s"')
    assert Workspace.find(inner).settings.name == "inner"


def test_the_environment_names_a_workspace_before_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 'name = "named"\nschema = "s"')
    monkeypatch.setenv("COPYDESK_WORKSPACE", str(tmp_path))
    assert from_environment().settings.name == "named"


def test_no_workspace_is_an_error_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="copydesk init"):
        Workspace.find(tmp_path)


def test_a_new_workspace_can_be_used_at_once_and_is_not_laid_out_twice(tmp_path: Path) -> None:
    (tmp_path / "w" / "schemas" / "news-entities").mkdir(parents=True)
    mine = tmp_path / "w" / "schemas" / "news-entities" / "guidelines.md"
    mine.write_text("# Mine")
    workspace = Workspace.create(tmp_path / "w")
    assert workspace.schema().label_names[0] == "PERSON"
    assert workspace.schema().guidelines == "# Mine", "what was there is left as it is"
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        Workspace.create(tmp_path / "w")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('schema = "s"', "missing 'name' @ $"),
        ('name = "n"\nschema = "s"\ncolour = 1', "unknown key 'colour' @ $"),
        ('name = "n"\nschema = "s"\n[ingest]\nmax_char = 5', r"unknown key 'max_char' @ $.ingest (known: paths,"),
        ('name = "n"\nschema = "s"\n[ingest]\nmax_chars = "5"', "expected int @ $.ingest.max_chars, found '5'"),
        (
            'name = "n"\nschema = "s"\n[studio]\nannotators_per_task = true',
            "expected int @ $.studio.annotators_per_task",
        ),
        ("name = ", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, settings: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Workspace.find(write(tmp_path, settings))
    assert said in str(caught.value)


def test_a_missing_schema_is_named(tmp_path: Path) -> None:
    workspace = Workspace.find(write(tmp_path, 'name = "n"\nschema = "none"'))
    with pytest.raises(ConfigError, match=r"schemas/none/schema\.toml is missing"):
        workspace.schema()

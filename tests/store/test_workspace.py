"""Rules of the workspace: found upwards, laid out from the starter, and its settings checked."""

from pathlib import Path

import pytest

from copydesk.errors import ConfigError, StoreError, WorkspaceError
from copydesk.model.reading import Limits
from copydesk.model.settings import IngestSettings
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
        (
            'name = "n"\nschema = "s"\n[ingest]\nmax_chars = "5"',
            'expected a whole number @ $.ingest.max_chars, found "5"',
        ),
        (
            'name = "n"\nschema = "s"\n[studio]\nannotators_per_task = true',
            "expected a whole number @ $.studio.annotators_per_task, found true",
        ),
        ("name = ", "cannot be read"),
        ('name = 3\nschema = "s"', "expected text @ $.name, found 3"),
        ('name = ""\nschema = "s"', "expected a name of a folder @ $.name"),
        ('name = "../../x"\nschema = "s"', "expected a name of a folder @ $.name"),
        ('name = "n"\nschema = "../x"', "expected a name of a folder @ $.schema"),
        ('name = "n"\nschema = "s"\ningest = 3', "expected a table @ $.ingest, found 3"),
        ('name = "n"\nschema = "s"\nstudio = []', "expected a table @ $.studio, found []"),
        ('name = "n"\nschema = "s"\n[ingest]\npaths = [1]', "expected a list of texts @ $.ingest.paths, found [1]"),
        ('name = "n"\nschema = "s"\n[ingest]\nmax_bytes = 0', "expected a whole number from 1 to"),
        ('name = "n"\nschema = "s"\n[ingest]\nmax_chars = -1', "expected a whole number from 1 to"),
        ('name = "n"\nschema = "s"\n[ingest]\nmax_ratio = 0', "@ $.ingest.max_ratio, found 0"),
        ('name = "n"\nschema = "s"\n[ingest]\ncolumns = "text"', "expected a table @ $.ingest.columns"),
        (
            'name = "n"\nschema = "s"\n[ingest.columns]\nbody = "text"',
            "unknown key 'body' @ $.ingest.columns (known: text,",
        ),
        ('name = "n"\nschema = "s"\n[ingest.columns]\ntext = 5', "expected text @ $.ingest.columns.text, found 5"),
        (
            'name = "n"\nschema = "s"\n[ingest]\nmax_rejected = nan',
            "expected a number from 0 to 1 @ $.ingest.max_rejected",
        ),
        (
            'name = "n"\nschema = "s"\n[ingest]\nmax_rejected = 1.5',
            "expected a number from 0 to 1 @ $.ingest.max_rejected",
        ),
        ('name = "n"\nschema = "s"\n[studio]\nurl = 1', "expected text @ $.studio.url, found 1"),
        (
            'name = "n"\nschema = "s"\n[studio]\ntimeout = 0',
            "expected a whole number from 1 to 86400 @ $.studio.timeout",
        ),
        ('name = "n"\nschema = "s"\n[studio]\nannotators_per_task = 0', "@ $.studio.annotators_per_task, found 0"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, settings: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Workspace.find(write(tmp_path, settings))
    assert said in str(caught.value)


def test_the_readers_are_told_every_limit_and_the_columns(tmp_path: Path) -> None:
    ingest = '[ingest]\nmax_depth = 7\nmax_bytes = 8\n[ingest.columns]\ntext = "story"'
    options = Workspace.find(write(tmp_path, f'name = "n"\nschema = "s"\n{ingest}')).settings.ingest.read_options
    assert (options.limits.max_depth, options.limits.max_bytes, options.columns.text) == (7, 8, "story")
    assert options.limits.max_ratio == IngestSettings().max_ratio == Limits(max_bytes=1, max_chars=1).max_ratio
    assert not options.loopback


def test_a_missing_schema_is_named(tmp_path: Path) -> None:
    workspace = Workspace.find(write(tmp_path, 'name = "n"\nschema = "none"'))
    with pytest.raises(ConfigError, match=r"schemas/none/schema\.toml is missing"):
        workspace.schema()


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    wrong = 'name = "a/b"\nschema = 1\npublish = true\n[ingest]\nmax_bytes = 0\n[studio]\ntimeout = -1'
    with pytest.raises(ConfigError) as caught:
        Workspace.find(write(tmp_path, wrong))
    for place in ("$.name", "$.schema", "$.publish", "$.ingest.max_bytes", "$.studio.timeout"):
        assert f"@ {place}" in str(caught.value)


def test_a_named_workspace_must_be_one_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 'name = "outer"\nschema = "s"')
    inner = tmp_path / "inner"
    inner.mkdir()
    assert Workspace.open(tmp_path).settings.name == "outer"
    for named in (inner, tmp_path / "none", tmp_path / "copydesk.toml"):
        monkeypatch.setenv("COPYDESK_WORKSPACE", str(named))
        with pytest.raises(WorkspaceError, match=f"{named} is no workspace"):
            from_environment()


def test_a_place_that_cannot_hold_a_workspace_is_a_clear_error(strict_folder: Path) -> None:
    (strict_folder / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write .*/file"):
        Workspace.create(strict_folder / "file")
    strict_folder.chmod(0o500)
    with pytest.raises(StoreError, match=r"cannot write .*/new: Permission denied"):
        Workspace.create(strict_folder / "new")
    strict_folder.chmod(0)
    for opened in (Workspace.open, Workspace.find):
        with pytest.raises(StoreError, match=r"cannot read .*: Permission denied"):
            opened(strict_folder)


def test_texts_of_a_workspace_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    folder = workspace.schema_folder()
    assert workspace.names()[1] == "schemas/news-entities/names.tsv"
    assert workspace.annotators() == ()
    (tmp_path / "seeds" / "annotators").mkdir()
    for path, read in {
        folder / "guidelines.md": workspace.schema,
        folder / "names.tsv": workspace.names,
        tmp_path / "seeds" / "annotators" / "noor.toml": workspace.annotators,
        folder / "schema.toml": workspace.schema,
    }.items():
        path.write_bytes(b"\xff")
        with pytest.raises(ConfigError, match=rf"{path} cannot be read: .* is not UTF-8 \(fix: "):
            read()
    (folder / "names.tsv").unlink()
    assert workspace.names() == ("", "schemas/news-entities/names.tsv")
    with pytest.raises(ConfigError, match="cannot be the name of a folder"):
        workspace.names("../x")


def _with_schemas(folder: Path, line: str) -> Workspace:
    (folder / "copydesk.toml").write_text(f'name = "desk"\nschema = "news"\n{line}\n', encoding="utf-8")
    return Workspace.open(folder)


def test_labels_of_each_schema_have_folders_of_their_own_and_those_of_the_first_stay_where_they_were(
    tmp_path: Path,
) -> None:
    first = _with_schemas(tmp_path, 'schemas = ["events", "news"]')
    assert first.schemas == ("news", "events")
    other = first.under("events")
    assert first.under("news").pulls.folder == first.pulls.folder == tmp_path / ".copydesk" / "pulls"
    assert other.pulls.folder == tmp_path / ".copydesk" / "pulls.events"
    assert other.documents.folder == first.documents.folder
    assert (first.title, other.title, other.schema_folder().name) == ("desk", "desk-events", "events")


def test_a_schema_that_the_settings_do_not_name_cannot_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'claims' is not one of this workspace's: news"):
        _with_schemas(tmp_path, "").under("claims")


def test_schemas_must_be_names_of_folders(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\$\.schemas"):
        _with_schemas(tmp_path, 'schemas = ["../up"]')

"""The workspace: the folder marked by ``copydesk.toml``, its settings and the names of its folders."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, WorkspaceError
from copydesk.model.marker import MARKER, nearest_marked
from copydesk.model.name import NAME_RULE, is_name
from copydesk.model.schema import LabelSchema
from copydesk.model.settings import Settings, read_settings
from copydesk.remote import place_at
from copydesk.store import Latest, Log, read_text, translated, write_file


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace on disk. ``root`` is absolute; every other folder follows from it.

    Documents are one for all; labels, and what is made of them, are those of one labelling schema: the one that the settings name
    first, or that ``under`` chose.
    """

    root: Path
    settings: Settings
    chosen: str = ""

    @classmethod
    def find(cls, start: Path) -> Workspace:
        """Open the nearest workspace from ``start`` upwards.

        Raises WorkspaceError where there is none, ConfigError where its settings are wrong.
        """
        with translated(start, "read"):
            root = nearest_marked(start)
        if root is None:
            raise WorkspaceError(
                f"no {MARKER} in {start.resolve()} or above it",
                fix="run copydesk init DIR, or name a workspace with --workspace",
            )
        return cls(root, _settings(root / MARKER))

    @classmethod
    def open(cls, folder: Path) -> Workspace:
        """Open the workspace in just this folder: who names one does not mean another above it.

        Raises WorkspaceError where it is none, ConfigError where its settings are wrong.
        """
        root = folder.resolve()
        if not _is_workspace(root):
            raise WorkspaceError(
                f"{root} is no workspace: it holds no {MARKER}",
                fix=f"name a folder that does, or run copydesk init {folder}",
            )
        return cls(root, _settings(root / MARKER))

    @staticmethod
    def check_new(folder: Path) -> None:
        """Raise WorkspaceError where the folder is a workspace already."""
        if _is_workspace(folder):
            raise WorkspaceError(f"{folder} is a workspace already", fix=f"remove {folder / MARKER} to start anew")

    @classmethod
    def create(cls, folder: Path, *, answers: Mapping[str, object] | None = None) -> Workspace:
        """Lay out a new workspace from the starter: settings, schemas, suites and one article.

        ``answers`` are settings of the starter, by key, that are to be others. Files that are there already are left as they are.
        The settings are written last: they make it a workspace. Raises WorkspaceError where the folder is one, ConfigError for
        answers that cannot be settings, StoreError where the file system refuses.
        """
        cls.check_new(folder)
        with translated(folder, "write"), resources.as_file(resources.files("copydesk")) as package:
            starter = _starter(package)
            settings = _answered(starter.pop(MARKER).read_text(encoding="utf-8"), answers or {})
            _check_schema(read_settings(tomllib.loads(settings), place="the answers").schema, folder)
            folder.mkdir(parents=True, exist_ok=True)
            for name, source in starter.items():
                _copy_missing(source, folder / name)
            write_file(folder / MARKER, settings.encode())
        return cls.open(folder)

    def under(self, schema: str) -> Workspace:
        """The same workspace, seen under one of its schemas; raises ConfigError for one that the settings do not name."""
        if schema not in self.schemas:
            raise ConfigError(
                f"schema {schema!r} is not one of this workspace's: {', '.join(self.schemas)}",
                fix=f'name it in schemas = ["{schema}"] of {MARKER}',
            )
        return replace(self, chosen=schema)

    @property
    def schemas(self) -> tuple[str, ...]:
        """The names of the labelling schemas that the settings name, each once."""
        return tuple(dict.fromkeys((self.settings.schema, *self.settings.schemas)))

    @property
    def schema_name(self) -> str:
        """The name of the labelling schema that this is seen under."""
        return self.chosen or self.settings.schema

    @property
    def is_first(self) -> bool:
        """Whether this is seen under the schema that the settings name first."""
        return self.schema_name == self.settings.schema

    @property
    def title(self) -> str:
        """What a dataset of these labels is called."""
        return self.settings.name if self.is_first else f"{self.settings.name}-{self.schema_name}"

    def _labelled(self, name: str) -> Path:
        """A folder of the working state that each schema has one of; the lock sweeps what lies right below the state."""
        return self.state / (name if self.is_first else f"{name}.{self.schema_name}")

    @property
    def state(self) -> Path:
        """Where the working state lives; not to be kept in git."""
        return self.root / ".copydesk"

    @property
    def lock(self) -> Path:
        """The file whose lock a writing command holds."""
        return self.state / "lock"

    @property
    def studio_folder(self) -> Path:
        """The embedded Label Studio's data."""
        return self.state / "studio"

    @property
    def people_file(self) -> Path:
        """Annotators' accounts and pseudonyms (0600)."""
        return self.state / "people.json"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages."""
        return self._labelled("data_docs")

    @property
    def datasets(self) -> Path:
        """Published datasets: in the workspace, or in the store that the settings name."""
        store = self.settings.publish.store
        return place_at(store) if store else self.root / "datasets"

    @property
    def suites(self) -> Path:
        """Expectation suites."""
        return self.root / "validation"

    @property
    def documents(self) -> Log:
        """The ingest log: articles, documents, zones, edits, rejected."""
        return Log(self.state / "documents")

    @property
    def copies(self) -> Latest:
        """Which documents are copies of which."""
        return Latest(self.state / "copies")

    @property
    def repeated(self) -> Latest:
        """The lines that open or close many articles of a source, and which parts of ``rezoned`` stand."""
        return Latest(self.state / "repeated")

    @property
    def rezoned(self) -> Path:
        """The zones of documents that have such lines, a part for each part of the ingest log that has any."""
        return self.state / "rezoned"

    @property
    def pulls(self) -> Log:
        """The pull log: annotations and task states."""
        return Log(self._labelled("pulls"))

    @property
    def migrations(self) -> Path:
        """What changed the labels of the schema, a folder each: the plan, the schema before, and what was changed."""
        return self._labelled("migrations")

    @property
    def backups(self) -> Log:
        """Whole projects as Label Studio had them, a part each."""
        return Log(self._labelled("backups"))

    @property
    def labels(self) -> Latest:
        """What the annotators said, read from the pull log."""
        return Latest(self._labelled("labels"))

    @property
    def agreed(self) -> Latest:
        """Agreed labels, disputes and agreement."""
        return Latest(self._labelled("agreed"))

    @property
    def decisions(self) -> Log:
        """What adjudicators decided, and which tasks were given back."""
        return Log(self._labelled("decisions"))

    @property
    def annotators_known(self) -> Latest:
        """What is known of the people who annotate."""
        return Latest(self._labelled("annotators"))

    @property
    def gold(self) -> Latest:
        """The documents whose labels are known to be right, and these labels."""
        return Latest(self._labelled("gold"))

    @property
    def suggesters(self) -> Path:
        """What suggesters keep: what they learned or were told, a folder for each."""
        return self._labelled("suggesters")

    @property
    def suggested(self) -> Path:
        """Suggestions, a part for each part of the ingest log."""
        return self._labelled("suggested")

    @property
    def sent(self) -> Log:
        """What annotators were shown of the suggestions, as it was sent."""
        return Log(self._labelled("sent"))

    @property
    def live(self) -> Path:
        """What was suggested live since, a part for each answer, until it is taken into ``sent``."""
        return self._labelled("live")

    @property
    def samples(self) -> Log:
        """Which documents were chosen to be labelled, a part for each batch."""
        return Log(self._labelled("samples"))

    @property
    def suspects(self) -> Latest:
        """The labels that are likely to be wrong."""
        return Latest(self._labelled("suspects"))

    @property
    def findings(self) -> Latest:
        """The findings of the last validation."""
        return Latest(self._labelled("findings"))

    @property
    def findings_in_files(self) -> Latest:
        """The findings in the last tables that were judged in files of their own."""
        return Latest(self._labelled("findings_in_files"))

    def schema_folder(self, name: str = "") -> Path:
        """The folder of a labelling schema; by default the one that the settings name.

        Raises ConfigError for a name that would lead elsewhere.
        """
        if name and not is_name(name):
            raise ConfigError(f"schema name {name!r} cannot be the name of a folder", fix=NAME_RULE)
        return self.root / "schemas" / (name or self.schema_name)

    def schema(self, name: str = "") -> LabelSchema:
        """Read a labelling schema; raises SchemaError where it is wrong, ConfigError where it is not there."""
        folder = self.schema_folder(name)
        path = folder / "schema.toml"
        data = _toml(path)
        text = read_text(folder / "guidelines.md", missing="")
        return LabelSchema.read(data, place=str(path.relative_to(self.root)), guidelines=text)

    def names(self, schema: str = "") -> tuple[str, str]:
        """Read a schema's ``names.tsv``: its text (empty where there is none), and its place for errors.

        Raises ConfigError where it cannot be read.
        """
        path = self.schema_folder(schema) / "names.tsv"
        return read_text(path, missing=""), path.relative_to(self.root).as_posix()

    def annotators(self) -> tuple[tuple[str, str], ...]:
        """Read the recorded annotators of ``seeds/annotators``: the text of each, and its place for errors.

        Those of another schema than the first lie in a folder of its name there. Raises ConfigError where one cannot be read.
        """
        folder = self.root / "seeds" / "annotators"
        files = sorted((folder if self.is_first else folder / self.schema_name).glob("*.toml"))
        return tuple((read_text(file), file.relative_to(self.root).as_posix()) for file in files)


def _is_workspace(folder: Path) -> bool:
    with translated(folder, "read"):
        return (folder / MARKER).is_file()


def _starter(package: Path) -> dict[str, Path]:
    """Where the starter's entries lie: in the wheel, or in the checkout that an editable installation points to."""
    inside = package / "starter"
    entries = {path.relative_to(inside).as_posix(): path for path in sorted(inside.rglob("*")) if path.is_file()}
    if "schemas" not in {name.split("/")[0] for name in entries}:
        checkout = package.parents[1]
        entries |= {name: checkout / name for name in ("schemas", "validation", "seeds/004_sarn-pass.txt")}
    return entries


def starter_settings() -> Settings:
    """Give the settings that the starter lays out."""
    with resources.as_file(resources.files("copydesk")) as package:
        return _settings(package / "starter" / MARKER)


def _check_schema(name: str, folder: Path) -> None:
    offered = starter_schemas()
    if name not in offered and not (folder / "schemas" / name / "schema.toml").is_file():
        raise ConfigError(f"there is no schema {name!r}; there are: {', '.join(offered)}", fix="choose one of them")


def starter_schemas() -> dict[str, str]:
    """Give the labelling schemas that the starter lays out, each with its title."""
    with resources.as_file(resources.files("copydesk")) as package:
        inside = package / "starter" / "schemas"
        folder = inside if inside.is_dir() else package.parents[1] / "schemas"
        return {path.parent.name: str(_toml(path)["title"]) for path in sorted(folder.glob("*/schema.toml"))}


def _answered(settings: str, answers: Mapping[str, object]) -> str:
    """Put answers in the place of the starter's own; what is said of each setting stays."""
    for key, value in answers.items():
        line = f"{key} = {json.dumps(value, ensure_ascii=False)}"  # which TOML reads as the same text or number
        old = re.compile(rf'(?m)^{key} = (?:"[^"]*"|\d+)( *)')
        at = old.search(settings)
        assert at, key
        settings = settings[: at.start()] + (line + at[1][:1]).ljust(len(at[0])) + settings[at.end() :]
    return settings


def _copy_missing(source: Path, target: Path) -> None:
    if source.is_dir():
        for entry in sorted(source.iterdir()):
            _copy_missing(entry, target / entry.name)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _toml(path: Path) -> dict[str, Any]:
    text = read_text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} cannot be read: {error}", fix="correct it; it must be TOML") from error


def _settings(path: Path) -> Settings:
    return read_settings(_toml(path), place=str(path))


def from_environment() -> Workspace:
    """Open the workspace that ``COPYDESK_WORKSPACE`` names, or the nearest one from the working folder upwards."""
    named = os.environ.get("COPYDESK_WORKSPACE", "")
    return Workspace.open(Path(named)) if named else Workspace.find(Path.cwd())

"""The workspace: the folder marked by ``copydesk.toml``, its settings and the names of its folders."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, WorkspaceError
from copydesk.model.marker import MARKER, nearest_marked
from copydesk.model.schema import LabelSchema
from copydesk.store import Latest, Log


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """``[ingest]``: what is read where a command names no path, and the limits."""

    paths: tuple[str, ...] = ("seeds",)
    max_bytes: int = 20_000_000
    max_chars: int = 1_000_000
    max_rejected: float = 0.5  # share of the files; more is a failure (exit 1)


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """``[studio]``: which Label Studio. Without ``url`` it is the embedded one; a token comes from the environment."""

    url: str = ""
    project: str = ""  # title; by default the workspace's name and the schema's
    annotators_per_task: int = 2
    timeout: int = 300  # seconds


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """``[publish]``: what the data card says beside the figures."""

    description: str = ""
    licence: str = "other"
    language: tuple[str, ...] = ("en",)


@dataclass(frozen=True, slots=True)
class Settings:
    """``copydesk.toml``, read and checked."""

    name: str
    schema: str
    ingest: IngestSettings = field(default_factory=IngestSettings)
    studio: StudioSettings = field(default_factory=StudioSettings)
    publish: PublishSettings = field(default_factory=PublishSettings)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace on disk. ``root`` is absolute; every other folder follows from it."""

    root: Path
    settings: Settings

    @classmethod
    def find(cls, start: Path) -> Workspace:
        """Open the nearest workspace from ``start`` upwards.

        Raises WorkspaceError where there is none, ConfigError where its settings are wrong.
        """
        root = nearest_marked(start)
        if root is None:
            raise WorkspaceError(
                f"no {MARKER} in {start.resolve()} or above it",
                fix="run copydesk init DIR, or name a workspace with --workspace",
            )
        return cls(root, _settings(root / MARKER))

    @classmethod
    def create(cls, folder: Path) -> Workspace:
        """Lay out a new workspace from the starter: settings, schemas, suites and one article.

        Files that are there already are left as they are. Raises WorkspaceError where the folder is a workspace.
        """
        if (folder / MARKER).exists():
            raise WorkspaceError(f"{folder} is a workspace already", fix=f"remove {folder / MARKER} to start anew")
        folder.mkdir(parents=True, exist_ok=True)
        with resources.as_file(resources.files("copydesk")) as package:
            for name, source in _starter(package).items():
                _copy_missing(source, folder / name)
        return cls.find(folder)

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
        return self.state / "data_docs"

    @property
    def datasets(self) -> Path:
        """Published datasets."""
        return self.root / "datasets"

    @property
    def suites(self) -> Path:
        """Expectation suites."""
        return self.root / "validation"

    @property
    def documents(self) -> Log:
        """The ingest log: articles, documents, zones, edits, rejected."""
        return Log(self.state / "documents")

    @property
    def pulls(self) -> Log:
        """The pull log: annotations and task states."""
        return Log(self.state / "pulls")

    @property
    def labels(self) -> Latest:
        """What the annotators said, read from the pull log."""
        return Latest(self.state / "labels")

    @property
    def agreed(self) -> Latest:
        """Agreed labels, disputes and agreement."""
        return Latest(self.state / "agreed")

    @property
    def findings(self) -> Latest:
        """The findings of the last validation."""
        return Latest(self.state / "findings")

    def schema_folder(self, name: str = "") -> Path:
        """The folder of a labelling schema; by default the one that the settings name."""
        return self.root / "schemas" / (name or self.settings.schema)

    def schema(self, name: str = "") -> LabelSchema:
        """Read a labelling schema; raises SchemaError where it is wrong, ConfigError where it is not there."""
        folder = self.schema_folder(name)
        path = folder / "schema.toml"
        data = _toml(path)
        guidelines = folder / "guidelines.md"
        text = guidelines.read_text(encoding="utf-8") if guidelines.is_file() else ""
        return LabelSchema.read(data, place=str(path.relative_to(self.root)), guidelines=text)


def _starter(package: Path) -> dict[str, Path]:
    """Where the starter's entries lie: in the wheel, or in the checkout that an editable installation points to."""
    inside = package / "starter"
    entries = {path.relative_to(inside).as_posix(): path for path in sorted(inside.rglob("*")) if path.is_file()}
    if "schemas" not in {name.split("/")[0] for name in entries}:
        checkout = package.parents[1]
        entries |= {name: checkout / name for name in ("schemas", "validation", "seeds/004_sarn-pass.txt")}
    return entries


def _copy_missing(source: Path, target: Path) -> None:
    if source.is_dir():
        for entry in sorted(source.iterdir()):
            _copy_missing(entry, target / entry.name)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} is missing", fix="restore it, or lay out a workspace with copydesk init DIR"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", fix="correct it; it must be TOML in UTF-8") from error


def _settings(path: Path) -> Settings:
    data = _toml(path)
    sections = {"ingest": IngestSettings, "studio": StudioSettings, "publish": PublishSettings}
    wrong = [f"unknown key {key!r} @ $" for key in data if key not in {"name", "schema", *sections}]
    wrong += [f"missing {key!r} @ $" for key in ("name", "schema") if not isinstance(data.get(key), str)]
    made = {name: _section(kind, data.get(name, {}), f"$.{name}", wrong) for name, kind in sections.items()}
    if wrong:
        raise ConfigError(f"{path}: " + "; ".join(wrong), fix="correct these keys; README.md lists the settings")
    return Settings(name=data["name"], schema=data["schema"], **made)


def _section(kind: type[Any], data: Mapping[str, Any], place: str, wrong: list[str]) -> Any:
    known = {one.name: one.default for one in fields(kind)}
    given: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            wrong.append(f"unknown key {key!r} @ {place} (known: {', '.join(known)})")
        elif not _fits(value, known[key]):
            wrong.append(f"expected {type(known[key]).__name__} @ {place}.{key}, found {value!r}")
        else:
            given[key] = tuple(value) if isinstance(value, list) else value
    return kind(**given)


def _fits(value: object, default: object) -> bool:
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def from_environment() -> Workspace:
    """Open the workspace that ``COPYDESK_WORKSPACE`` names, or the nearest one from the working folder upwards."""
    named = os.environ.get("COPYDESK_WORKSPACE", "")
    return Workspace.find(Path(named) if named else Path.cwd())

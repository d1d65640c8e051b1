"""The workspace: the folder marked by ``copydesk.toml``, its settings and the names of its folders."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any, cast

from copydesk.errors import ConfigError, WorkspaceError
from copydesk.model.marker import MARKER, nearest_marked
from copydesk.model.name import NAME_RULE, is_name
from copydesk.model.reading import Columns, Limits, ReadOptions
from copydesk.model.schema import LabelSchema
from copydesk.store import Latest, Log, read_text, translated

_KINDS = {tuple: "a list of texts", int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def _within(default: float, least: float, most: float) -> Any:
    """A setting that is a number from ``least`` to ``most``, both included."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """``[ingest]``: what is read where a command names no path, and the limits."""

    paths: tuple[str, ...] = ("seeds",)
    max_bytes: int = _within(20_000_000, 1, 2_000_000_000)  # an article is held in memory as one value
    max_chars: int = _within(1_000_000, 1, 2_000_000_000)
    max_rejected: float = _within(0.5, 0, 1)  # share of the articles; more is a failure (exit 1)
    max_whole_bytes: int = _within(100_000_000, 1, 2_000_000_000)  # of a feed or a JSON object, which is held in memory
    max_entries: int = _within(50_000_000, 1, 10**12)  # of one input
    max_depth: int = _within(100, 1, 500)  # of values in values
    max_ratio: int = _within(300, 1, 1_000_000)  # bytes that compressed data may give for each of its own
    max_expanded_bytes: int = _within(10**12, 1, 10**15)  # that one input may give in all
    max_download_bytes: int = _within(2_000_000_000, 1, 10**12)  # of one https answer
    max_download_seconds: int = _within(600, 1, 86_400)
    columns: Columns = field(default_factory=Columns)  # [ingest.columns]: which column of a table is what

    @property
    def read_options(self) -> ReadOptions:
        """What the readers are told."""
        return ReadOptions(Limits(**{one.name: getattr(self, one.name) for one in fields(Limits)}), self.columns)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """``[engine]``: where the work of ingest is done: ``processes``, ``inline`` or ``spark``."""

    name: str = "processes"
    workers: int = _within(0, 0, 1_000)  # processes that work at once; 0: one for each processor
    seconds: float = _within(60.0, 0.1, 86_400)  # that one article may take
    master: str = ""  # Spark's; empty: what Spark itself was told, or else this machine


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """``[studio]``: which Label Studio. Without ``url`` it is the embedded one; a token comes from the environment."""

    url: str = ""
    database: str = ""  # of the embedded one, as postgresql://user@host/name; empty: a file of SQLite in the workspace
    project: str = ""  # title; by default the workspace's name and the schema's
    annotators_per_task: int = _within(2, 1, 1_000)
    timeout: int = _within(300, 1, 86_400)  # seconds
    connect_timeout: int = _within(10, 1, 86_400)  # seconds until a server takes the call
    ca_bundle: str = ""  # PEM file of who signed the server's certificate; empty: the usual ones
    verify: bool = True  # there for those who look for it: certificates are always verified
    proxy: str = ""  # empty: as the environment says; "none": no proxy
    untested: bool = False  # work also with releases and editions that Copydesk was never tried with
    send_copies: bool = False  # send copies of other documents to annotators, too


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """``[watch]``: how often ``copydesk watch`` looks; the pause doubles from ``interval`` while the server does not answer."""

    interval: float = _within(30.0, 0.1, 86_400)  # seconds
    longest: float = _within(300.0, 0.1, 86_400)  # seconds


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
    engine: EngineSettings = field(default_factory=EngineSettings)
    studio: StudioSettings = field(default_factory=StudioSettings)
    publish: PublishSettings = field(default_factory=PublishSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)


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

    @classmethod
    def create(cls, folder: Path) -> Workspace:
        """Lay out a new workspace from the starter: settings, schemas, suites and one article.

        Files that are there already are left as they are. Raises WorkspaceError where the folder is a workspace,
        StoreError where the file system refuses.
        """
        if _is_workspace(folder):
            raise WorkspaceError(f"{folder} is a workspace already", fix=f"remove {folder / MARKER} to start anew")
        with translated(folder, "write"), resources.as_file(resources.files("copydesk")) as package:
            folder.mkdir(parents=True, exist_ok=True)
            for name, source in _starter(package).items():
                _copy_missing(source, folder / name)
        return cls.open(folder)

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
        return Log(self.state / "pulls")

    @property
    def backups(self) -> Log:
        """Whole projects as Label Studio had them, a part each."""
        return Log(self.state / "backups")

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
        """The folder of a labelling schema; by default the one that the settings name.

        Raises ConfigError for a name that would lead elsewhere.
        """
        if name and not is_name(name):
            raise ConfigError(f"schema name {name!r} cannot be the name of a folder", fix=NAME_RULE)
        return self.root / "schemas" / (name or self.settings.schema)

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

        Raises ConfigError where one cannot be read.
        """
        files = sorted((self.root / "seeds" / "annotators").glob("*.toml"))
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
    data = _toml(path)
    sections = {
        "ingest": IngestSettings,
        "engine": EngineSettings,
        "studio": StudioSettings,
        "publish": PublishSettings,
        "watch": WatchSettings,
    }
    wrong = [f"unknown key {key!r} @ $" for key in data if key not in {"name", "schema", *sections}]
    wrong += [fault for key in ("name", "schema") for fault in _name_faults(data, key)]
    made = {name: _section(kind, data.get(name, {}), f"$.{name}", wrong) for name, kind in sections.items()}
    if wrong:
        raise ConfigError(f"{path}: " + "; ".join(wrong), fix="correct these keys; README.md lists the settings")
    return Settings(name=data["name"], schema=data["schema"], **made)


def _name_faults(data: Mapping[str, Any], key: str) -> Iterator[str]:
    if key not in data:
        yield f"missing {key!r} @ $"
    elif not isinstance(data[key], str):
        yield f"expected text @ $.{key}, found {_shown(data[key])}"
    elif not is_name(data[key]):
        yield f"expected a name of a folder @ $.{key} ({NAME_RULE}), found {_shown(data[key])}"


def _section(kind: type[Any], data: object, place: str, wrong: list[str]) -> Any:
    if not isinstance(data, Mapping):
        wrong.append(f"expected a table @ {place}, found {_shown(data)}")
        return kind()
    known = {one.name: one for one in fields(kind)}
    given: dict[str, Any] = {}
    for key, value in data.items():
        if key in known and known[key].default_factory is not MISSING:
            given[key] = _section(cast("type[Any]", known[key].default_factory), value, f"{place}.{key}", wrong)
        elif key not in known:
            wrong.append(f"unknown key {key!r} @ {place} (known: {', '.join(known)})")
        elif expected := _expected(value, known[key]):
            wrong.append(f"expected {expected} @ {place}.{key}, found {_shown(value)}")
        else:
            given[key] = tuple(value) if isinstance(value, list) else value
    return kind(**given)


def _expected(value: Any, setting: Field[Any]) -> str:
    """Say what a setting must be, in the words of TOML, where this value is not that; empty where it is."""
    expected = _KINDS[type(setting.default)]
    if not _fits(value, setting.default):
        return expected
    least, most = setting.metadata.get("least"), setting.metadata.get("most")
    if least is None or least <= value <= most:  # nan is in no range
        return ""
    return f"{expected} from {least} to {most}"


def _shown(value: object) -> str:
    """Write a value much as TOML does."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _fits(value: object, default: object) -> bool:
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def from_environment() -> Workspace:
    """Open the workspace that ``COPYDESK_WORKSPACE`` names, or the nearest one from the working folder upwards."""
    named = os.environ.get("COPYDESK_WORKSPACE", "")
    return Workspace.open(Path(named)) if named else Workspace.find(Path.cwd())

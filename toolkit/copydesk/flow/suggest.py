"""Documents and the labels that people made go in, suggestions come out: by each suggester that the settings name, put together.

They are made part by part of the ingest log, wherever the engine works, and kept under a name made of all that they rest on: where
nothing of it changed they are there already. A suggester learns anew when the agreed labels have changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.engines import EngineOptions, Watch, run
from copydesk.flow.agree import agreed_key
from copydesk.flow.current import current_documents, current_zones, zones_in
from copydesk.flow.repeated import name_of
from copydesk.flow.report import Report
from copydesk.flow.steps import Source, sources_of
from copydesk.model.progress import Progress
from copydesk.model.tables import empty
from copydesk.store import TEMPORARY, Part, commit, digest_of, locked, offer, part_at, read_text, sweep, translated
from copydesk.suggestions import Calibration, Found, Known, Setup, combine, read_names, suggester_class
from copydesk.suggestions.suggester import Suggester
from copydesk.workspace import Workspace

_STAGE = "suggested/1"
_PATIENCE = 7 * 86_400.0  # seconds that a part of the log may take
SHOWN = ("doc_id", "revision", "text", "title", "language", "published_at")
TABLES = {"suggestions": "spans", "suggested_relations": "relations", "suggested_categories": "categories"}

_made: dict[tuple[str, Path, str], Suggester] = {}


@dataclass(frozen=True, slots=True)
class Used:
    """A suggester that the settings name, and its version."""

    name: str
    setup: Setup
    version: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """The suggestions that stand: the parts that they lie in, who made them, and whether any of them is new."""

    parts: tuple[Part, ...]
    used: tuple[Used, ...]
    changed: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What suggesters noted, each once."""
        return tuple(dict.fromkeys(note for part in self.parts for note in part.receipt["notes"]))

    def read(self, doc_ids: Collection[str] | None = None) -> Found:
        """Read those of these documents, or all, and what suggesters noted."""
        named = None if doc_ids is None else pa.array(sorted(doc_ids), pa.string())

        def read(part: Part, name: str) -> pa.Table:
            table = part.read(name)
            return table if named is None else table.filter(pc.is_in(table["doc_id"], named))

        tables = {
            field: pa.concat_tables([empty(name), *(read(part, name) for part in self.parts)])
            for name, field in TABLES.items()
        }
        return Found(**tables, notes=self.notes)


@dataclass(frozen=True, slots=True)
class _Todo:
    """A part of the ingest log of which the suggestions are to be made, and their name."""

    source: Source
    name: str

    def __str__(self) -> str:
        return f"suggestions ({self.source.part.path.name})"


def suggest(workspace: Workspace, *, progress: Progress) -> Report:
    """Bring the suggestions up to date with the documents, the agreed labels and the settings."""
    with locked(workspace.lock):
        made = suggestions(workspace, progress=progress)
    counts = {"suggesters": len(made.used), "documents": sum(part.receipt["documents"] for part in made.parts)}
    counts |= {
        name.replace("_", " "): sum(part.receipt["files"][name]["rows"] for part in made.parts) for name in TABLES
    }
    lines = (*(f"{one.name}: version {one.version}" for one in made.used), *made.notes)
    data = {"by": {one.name: one.version for one in made.used}, "notes": made.notes}
    return Report(
        "suggest",
        {name: count for name, count in counts.items() if count},
        changed=made.changed,
        lines=lines,
        data=data,
    )


def suggestions(workspace: Workspace, *, progress: Progress) -> Suggested:
    """Make what is not there yet and give all suggestions; the caller holds the workspace's lock."""
    used = tuple(_used(workspace, progress=progress))
    folder = workspace.suggested
    with translated(folder, "write"):
        folder.mkdir(parents=True, exist_ok=True)
    key = [_STAGE, workspace.schema().digest, workspace.settings.suggest.least, _calibration(workspace).as_dict()]
    key += [[one.name, one.version] for one in used]
    todo = [_Todo(source, _name(source, workspace, key)) for source in sources_of(workspace.documents)]
    missing = [one for one in todo if not _is_whole(folder / one.name)]
    work = partial(suggest_part, workspace=workspace, used=used)
    for done, _ in enumerate(run(work, missing, options=engine_of(workspace)), start=1):
        progress("suggesting", done, len(missing))
    _clear(folder, {one.name for one in todo})
    return Suggested(tuple(part_at(folder / one.name) for one in todo), used, changed=bool(missing))


def engine_of(workspace: Workspace) -> EngineOptions:
    """Say where suggesters work: as the settings say, but that none is given up for being slow, since a language model is."""
    return replace(EngineOptions(*astuple(workspace.settings.engine)), seconds=_PATIENCE)


def _name(source: Source, workspace: Workspace, key: Sequence[object]) -> str:
    """Name the suggestions of a part by all that they are made of."""
    repeated = workspace.repeated.part()
    zoned = repeated.receipt["parts"].get(name_of(source.part)) if repeated else None
    return digest_of([*key, name_of(source.part), source.rows, zoned])[:32]


def _is_whole(folder: Path) -> bool:
    """Say whether suggestions are there and nobody has to be asked again; what is not whole is removed."""
    if not folder.exists():
        return False
    if not part_at(folder).receipt["unanswered"]:
        return True
    remove(folder)
    return False


def suggest_part(todo: _Todo, _watch: Watch, *, workspace: Workspace, used: Sequence[Used]) -> None:
    """Make the suggestions of a part of the log, in whatever process, and leave them in the folder."""
    documents = todo.source.read("documents", SHOWN)
    zones = zones_in(workspace, todo.source.part)
    made = suggested_for(documents, zones, workspace=workspace, used=used)
    tables = {name: getattr(made, field) for name, field in TABLES.items()}
    receipt = {
        "stage": _STAGE,
        "documents": documents.num_rows,
        "notes": list(made.notes),
        "unanswered": made.unanswered,
    }
    own = commit(workspace.suggested / f"{todo.name}-{uuid4().hex}", tables, receipt)
    offer(own, workspace.suggested / todo.name)


def suggested_for(documents: pa.Table, zones: pa.Table, *, workspace: Workspace, used: Sequence[Used]) -> Found:
    """Give what these suggesters say of documents, put together as the settings say."""
    return combine(
        {one.name: _ready(one).suggest(documents, zones=zones) for one in used},
        versions={one.name: one.version for one in used},
        least=workspace.settings.suggest.least,
        overlap=workspace.schema().overlap,
        calibration=_calibration(workspace),
    )


def _ready(used: Used) -> Suggester:
    """Make a suggester, once in each process."""
    key = used.name, used.setup.folder, used.version
    if key not in _made:
        _made[key] = suggester_class(used.name)(used.setup)
    return _made[key]


def _used(workspace: Workspace, *, progress: Progress) -> Iterator[Used]:
    """Make the suggesters ready, those first that have something new to learn."""
    schema, settings = workspace.schema(), workspace.settings.suggest
    text, place = workspace.names()
    names = read_names(text, place=place, schema=schema)
    for number, name in enumerate(settings.use, start=1):
        found = suggester_class(name)
        options = settings.options.get(name, {})
        folder = workspace.suggesters / name / "own"
        if found.learns:
            folder = folder.with_name(digest_of([found.edition, _learned_from(workspace), schema.digest, options])[:16])
            _learn(workspace, found, Setup(schema, folder, names, options, workspace.root))
        setup = Setup(schema, folder, names, options, workspace.root)
        yield Used(name, setup, found(setup).version)
        progress("learning", number, len(settings.use))


def _learned_from(workspace: Workspace) -> list[object]:
    agreed, copies = workspace.agreed.part(), workspace.copies.part()
    return [agreed.receipt["key"], _is_fresh(workspace), copies.receipt["key"] if copies else ""] if agreed else []


def _is_fresh(workspace: Workspace) -> bool:
    """Say whether the agreed labels are those of all that was pulled."""
    return workspace.agreed.is_made_from(agreed_key(workspace))


def _learn(workspace: Workspace, found: type[Suggester], setup: Setup) -> None:
    """Let a suggester learn in its folder, which is there whole afterwards; what it learned before is removed."""
    folder = setup.folder
    if folder.exists():
        return
    with translated(folder, "write"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        sweep(folder.parent)
        own = folder.with_name(f"{TEMPORARY}{folder.name}")
        own.mkdir()
        found.learn(replace(setup, folder=own), known_of(workspace))
        own.rename(folder)
    _clear(folder.parent, {folder.name})


def known_of(workspace: Workspace) -> Known:
    """Give the labels that people agreed on so far, and the documents that they read.

    Where something was pulled since they were agreed on, documents without any label are left out: people may have marked some.
    """
    names = ("agreed_spans", "agreed_relations", "agreed_categories")
    spans, relations, categories = (workspace.agreed.read(name) for name in names)
    read = workspace.labels.read("reads", columns=["doc_id"])["doc_id"]
    if not _is_fresh(workspace):
        read = pa.chunked_array([*spans["doc_id"].chunks, *categories["doc_id"].chunks], pa.string())
    documents = current_documents(workspace, pc.unique(read))
    zones = current_zones(workspace, documents)
    return Known(documents, zones, spans, relations, categories, workspace.copies.read("copies"))


def _calibration(workspace: Workspace) -> Calibration:
    text = read_text(calibration_file(workspace), missing="")
    return Calibration.read(json.loads(text)) if text else Calibration()


def calibration_file(workspace: Workspace) -> Path:
    """Where it is kept what scores are worth."""
    return workspace.suggesters / "calibration.json"


def _clear(folder: Path, names: set[str]) -> None:
    """Remove all from a folder but these."""
    with translated(folder, "clear"):
        for entry in folder.iterdir():
            if entry.name not in names:
                remove(entry)


def remove(folder: Path) -> None:
    """Take a folder away whole: one that is half removed would be found damaged."""
    with translated(folder, "remove"):
        shutil.rmtree(folder.rename(folder.with_name(f"{TEMPORARY}{uuid4().hex}")))

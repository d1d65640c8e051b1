"""Articles in, documents out: what is new or changed is cut into units, engines lay their parts aside, the log takes them in order.

The log is the same whichever engine worked and however often it was interrupted: parts are taken in the order of the units, and
how many documents follow on known ones is settled as they are taken.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from copydesk.articles import Found, find_inputs
from copydesk.documents.copies import CopyOptions
from copydesk.engines import EngineOptions, run
from copydesk.errors import RejectedError
from copydesk.flow.copies import find_copies
from copydesk.flow.current import current_rejected
from copydesk.flow.history import History, readable_parts, settle
from copydesk.flow.repeated import find_repeated
from copydesk.flow.report import Report, reason_counts, reason_lines
from copydesk.flow.shard import Assignment, Staging, lay_aside
from copydesk.flow.units import Piece, Unit, pieces_of, units_of
from copydesk.model.progress import Progress
from copydesk.store import Log, Part, locked, part_at, translated
from copydesk.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the log says of a piece: under which key it was read last, and how much was in it."""

    key: str
    entries: int
    rejected: int


def ingest(workspace: Workspace, paths: Sequence[Path | str], *, progress: Progress, retry: bool = False) -> Report:
    """Read what is at ``paths`` (by default the settings' ones); what is known and unchanged is left alone.

    With ``retry`` whatever had something rejected is read again, too. Each unit of work is committed as it is done, so an
    interrupted run goes on where it was.
    """
    with locked(workspace.lock):
        named = paths or [workspace.root / path for path in workspace.settings.ingest.paths]
        return ingest_found(workspace, find_inputs(named, root=workspace.root), progress=progress, retry=retry)


def ingest_found(workspace: Workspace, found: Found, *, progress: Progress, retry: bool = False) -> Report:
    """Do what ``ingest`` does with inputs that were found; the caller holds the workspace's lock."""
    settings = workspace.settings
    staging = Staging(workspace.state / "staged", settings.ingest.read_options)
    pieces = list(pieces_of(found.inputs, options=staging.options, fetched=staging.fetched, progress=progress))
    work = _Work(workspace.documents, staging)
    engine = EngineOptions(**asdict(settings.engine))
    new = work.do(pieces, retry=retry, engine=engine, progress=progress)
    follow_log(workspace, engine=engine, progress=progress)
    return _report(workspace, found, pieces, work.seen, new=new)


def follow_log(workspace: Workspace, *, engine: EngineOptions, progress: Progress) -> None:
    """Bring what is made from the whole ingest log up to date with it: which documents are copies, and repeated lines."""
    folder = workspace.state / "search"
    find_copies(
        workspace.documents,
        workspace.copies,
        folder=folder,
        engine=engine,
        progress=progress,
        options=CopyOptions(),
    )
    find_repeated(
        workspace.documents,
        workspace.repeated,
        rezoned=workspace.rezoned,
        folder=folder,
        engine=engine,
        progress=progress,
    )


def rejected_fault(workspace: Workspace, report: Report) -> RejectedError | None:
    """Give the error where more of the articles were rejected than the settings allow."""
    articles, rejected = report.counts["articles"], report.counts["rejected"]
    limit = workspace.settings.ingest.max_rejected
    if not articles or rejected / articles <= limit:
        return None
    return RejectedError(
        f"{rejected} of {articles} articles were rejected, more than the limit of {limit:.0%}",
        fix="look at the reasons; raise [ingest] max_rejected in copydesk.toml if that is expected",
    )


class _Work:
    """What one run does: the log as it grows, and what it says of each piece and of each document."""

    def __init__(self, log: Log, staging: Staging) -> None:
        self._log = log
        self._staging = staging
        self.seen: dict[tuple[str, str], _Seen] = {}
        parts = readable_parts(log)
        for part in parts:
            self._note_inputs(part)
        self._unfinished = _unfinished(parts)

    def do(self, pieces: Sequence[Piece], *, retry: bool, engine: EngineOptions, progress: Progress) -> int:
        """Work through the pieces that have to be read; gives how many articles were new."""
        units = list(units_of([piece for piece in pieces if self._is_wanted(piece, retry=retry)]))
        if not units:
            return 0
        history = History(self._log)
        with translated(self._staging.folder, "write"):
            self._staging.folder.mkdir(parents=True, exist_ok=True)
        assignments = [Assignment(unit, self._unfinished if _is_of(self._unfinished, unit) else ()) for unit in units]
        known, done, new, shown = sum(unit.bytes for unit in units), 0, 0, 0

        def heard(much: int) -> None:
            nonlocal shown
            shown = max(shown, min(done + much, known - 1))  # what a lost process had read is read again
            progress("reading articles (bytes)", shown, known)

        results = run(partial(lay_aside, staging=self._staging), assignments, options=engine, heard=heard)
        for assignment, parts in zip(assignments, results, strict=True):
            new += sum(
                self._adopt(assignment.unit, number, history) for number in range(len(assignment.adopted), parts)
            )
            done += assignment.unit.bytes
            shown = max(shown, done)
            progress("reading articles (bytes)", shown, known)
        with translated(self._staging.folder, "clear"):
            shutil.rmtree(self._staging.folder)
        return new

    def _is_wanted(self, piece: Piece, *, retry: bool) -> bool:
        seen = self.seen.get(piece.place)
        return seen is None or seen.key != piece.key or (retry and seen.rejected > 0)

    def _adopt(self, unit: Unit, number: int, history: History) -> int:
        """Take a part into the log; where it speaks of known documents, what is new of it."""
        part = part_at(self._staging.part(unit, number))
        states = history.of(part.read("ingested"))
        if states:
            tables = settle(states, {name: part.read(name) for name in part.receipt["files"]})
            own = {key: value for key, value in part.receipt.items() if key != "files"}
            adopted = self._log.append(tables, own)
            with translated(part.path, "remove"):
                shutil.rmtree(part.path)
        else:
            adopted = self._log.adopt(part)
        ingested = adopted.read("ingested")
        history.add(ingested)
        self._note_inputs(adopted)
        return int(ingested.num_rows)

    def _note_inputs(self, part: Part) -> None:
        for row in part.read("inputs").to_pylist():
            place = row["address"], row["stretch"]
            self.seen[place] = _Seen(row["input_key"], row["entries"], row["rejected"])


def _unfinished(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Give the parts at the log's end that are of a unit whose last part is not there."""
    if not parts or parts[-1].receipt["last"]:
        return ()
    unit = parts[-1].receipt["unit"]
    first = len(parts)
    while first and parts[first - 1].receipt["unit"] == unit and not parts[first - 1].receipt["last"]:
        first -= 1
    return tuple(parts[first:])


def _is_of(parts: Sequence[Part], unit: Unit) -> bool:
    return bool(parts) and parts[0].receipt["unit"] == unit.key


def _report(
    workspace: Workspace,
    found: Found,
    pieces: Sequence[Piece],
    seen: Mapping[tuple[str, str], _Seen],
    *,
    new: int,
) -> Report:
    read = [seen[piece.place] for piece in pieces]
    entries, rejected = sum(one.entries for one in read), sum(one.rejected for one in read)
    here = {piece.place[0] for piece in pieces}
    standing = [row for row in current_rejected(workspace) if row["container"] in here]
    counts = {
        "files": len(found.inputs),
        "articles": entries,
        "kept": entries - rejected,
        "rejected": rejected,
        "new": new,
        "copies": pc.sum(pc.not_equal(workspace.copies.read("copies", columns=["kind"])["kind"], "original")).as_py()
        or 0,
        "passed over": len(found.passed_over),
    }
    repeated = workspace.repeated.part()
    if repeated and repeated.receipt["documents"]:
        counts["with repeated lines"] = repeated.receipt["documents"]
    data: dict[str, Any] = {"rejected": standing, "reasons": reason_counts(standing)}
    return Report("ingest", counts, changed=new > 0, lines=reason_lines(standing), data=data)

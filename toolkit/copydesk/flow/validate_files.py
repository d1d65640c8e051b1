"""A folder of tables in Parquet goes in, findings come out: the shares are judged where the settings say that work is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

from copydesk.engines import EngineOptions, Watch
from copydesk.engines import run as run_work
from copydesk.errors import UnknownError
from copydesk.flow.report import Report
from copydesk.flow.validate import findings_report, keep_findings, modules_of, suite_folders
from copydesk.store import locked
from copydesk.validation import CURRENT, parameters_of
from copydesk.validation import validate_files as judge_files
from copydesk.validation.shares import MOST_ROWS, Answer, Share
from copydesk.workspace import Workspace


def validate_files(
    workspace: Workspace, folder: Path, *, gates: Collection[str] = CURRENT, most_rows: int = MOST_ROWS
) -> Report:
    """Judge the tables in ``folder`` (``TABLE.parquet``, or ``TABLE/*.parquet``) by the workspace's suites.

    Raises UnknownError where there is no table, and as ``copydesk.validation.validate_files`` does.
    """
    engine = workspace.settings.engine
    options = EngineOptions(engine.name, engine.workers, engine.seconds, engine.master)
    done = judge_files(
        _files(folder),
        suites=suite_folders(workspace),
        parameters=parameters_of(workspace.schema(), workspace.settings.validation),
        each=partial(on_engine, options),
        gates=gates,
        modules=modules_of(workspace),
        most_rows=most_rows,
    )
    with locked(workspace.lock):
        part = keep_findings(workspace.findings_in_files, done, {"tables": str(folder), "gates": sorted(gates)})
    return findings_report(part, changed=True, lines=(), data={"tables": str(folder)})


def on_engine(
    options: EngineOptions, judge: Callable[[Share], list[Answer]], shares: Sequence[Share]
) -> Iterator[list[Answer]]:
    """Judge every share on an engine."""
    return run_work(partial(_judged, judge), shares, options=options)


def _judged(judge: Callable[[Share], list[Answer]], share: Share, _watch: Watch) -> list[Answer]:
    return judge(share)


def _files(folder: Path) -> dict[str, list[Path]]:
    files = {path.stem: [path] for path in sorted(folder.glob("*.parquet"))}
    for part in sorted(folder.glob("*/*.parquet")):
        files.setdefault(part.parent.name, []).append(part)
    if not files:
        raise UnknownError(f"no table in {folder}", fix="name a folder with TABLE.parquet or TABLE/*.parquet")
    return files

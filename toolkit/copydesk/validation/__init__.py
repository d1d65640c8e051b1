"""Tables go in, findings come out: Great Expectations judges every table by the suites in ``validation/``.

Nothing of Great Expectations is loaded before ``validate`` is called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from copydesk.model.settings import CURRENT
from copydesk.validation.findings import EMPTY, Validated
from copydesk.validation.lookup import Lookup
from copydesk.validation.shares import MOST_ROWS, Each, FileLookup, Files, judge_share, shares_of, tell
from copydesk.validation.suites import parameters_of, read_suites
from copydesk.validation.version_tables import VERSION_TABLES

__all__ = ["CURRENT", "EMPTY", "VERSION_TABLES", "Validated", "parameters_of", "validate", "validate_files"]


def validate(
    tables: Mapping[str, pa.Table],
    *,
    suites: Path | Sequence[Path],
    parameters: Mapping[str, object],
    data_docs: Path | None,
    gates: Collection[str] = CURRENT,
    modules: Sequence[str | Path] = (),
    projects: Mapping[str, str] | None = None,
) -> Validated:
    """Judge ``tables`` (by name, with their declared schemas) by every suite in the folders ``suites`` that stands at these gates.

    ``parameters`` are the values that the suites name as ``$PARAMETER`` (see ``parameters_of``). ``modules`` are imported before:
    files or names of modules with more expectations. With ``data_docs``, Great Expectations' pages of this run replace that folder.
    Labels must stand with the revision of the document that they were made on. ``projects`` are the pages of projects in
    Label Studio, by what the ids of their annotations begin with: failing rows link to their tasks there.

    Raises ConfigError where a suite's file or a module is wrong, and NotEvaluatedError where not every expectation of every suite
    could be evaluated.
    """
    from copydesk.validation.own import load
    from copydesk.validation.run import run

    load(modules)
    folders = [suites] if isinstance(suites, Path) else list(suites)
    return run(Lookup(tables, projects), suites=read_suites(folders, parameters, gates=gates), data_docs=data_docs)


def validate_files(
    files: Files,
    *,
    suites: Path | Sequence[Path],
    parameters: Mapping[str, object],
    each: Each,
    gates: Collection[str] = CURRENT,
    modules: Sequence[str | Path] = (),
    most_rows: int = MOST_ROWS,
) -> Validated:
    """Judge tables in Parquet files as ``validate`` judges tables, with the same findings and without holding them.

    ``each`` does a function on every share, wherever that is, and gives what comes of each, in any order. A share holds about
    ``most_rows`` rows of the largest table that it reads. An expectation that pandas judges reads its columns whole.
    """
    from copydesk.validation.own import load
    from copydesk.validation.run import questions_of, run

    load(modules)
    folders = [suites] if isinstance(suites, Path) else list(suites)
    chosen = read_suites(folders, parameters, gates=gates)
    lookup = FileLookup(files)
    shares = shares_of(questions_of(chosen, lookup), lookup, most_rows=most_rows)
    tell(lookup, shares, each(judge_share, shares))
    return run(lookup, suites=chosen, data_docs=None)

"""What the programs of this folder have in common: ``read_LIBRARY.py VERSION LINES`` prints, as JSON, what a library reads of a version.

``tables`` holds the columns and rows of each Parquet file by its path, ``lines`` what became of each of the given expressions: the
name of the error that it raised, or "" if it was evaluated. The programs run where Copydesk is not installed.
"""

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

Read = Callable[[str], tuple[list[str], list[Mapping[str, Any]]]]


def say(library: ModuleType, tables: Iterable[tuple[str, list[str], Iterable[Mapping[str, Any]]]]) -> None:
    """Print what was read (path, columns and rows of each file), and what becomes of the lines of the command line."""
    found = {path: {"columns": columns, "rows": [plain(row) for row in rows]} for path, columns, rows in tables}
    lines = {line: outcome(line, {library.__name__: library}) for line in json.loads(sys.argv[2])}
    print(json.dumps({"tables": found, "lines": lines}))


def each_file(read: Read) -> Iterable[tuple[str, list[str], list[Mapping[str, Any]]]]:
    """Read every Parquet file of the version by its path."""
    for path in sorted(version().rglob("*.parquet")):
        yield (path.relative_to(version()).as_posix(), *read(str(path)))


def version() -> Path:
    """The version's folder."""
    return Path(sys.argv[1])


def plain(value: Any) -> Any:
    """A value in JSON's own types: times in UTC, what is missing as null, bytes as text."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, datetime):
        return None if str(value) == "NaT" else value.astimezone(UTC).isoformat()
    if hasattr(value, "tolist"):  # of NumPy, an array or a scalar
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    return None if isinstance(value, float) and math.isnan(value) else value


def outcome(line: str, names: dict[str, Any]) -> str:
    """The name of the error that an expression raises, if any."""
    try:
        eval(line, names)
    except Exception as error:  # noqa: BLE001 - whatever the library raises is what is asked for
        return type(error).__name__
    return ""

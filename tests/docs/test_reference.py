"""Rules of the reference: all that the code has is in it with its meaning, and nothing else."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any

from from_code import filled
from from_code.commands import commands
from from_code.errors import errors, findings
from from_code.keys import known_keys
from from_code.meanings import MEANINGS
from from_code.settings import settings
from from_code.tables import working_tables

from copydesk.cli import COMMANDS
from copydesk.errors import CopydeskError
from copydesk.model.schema_checks import RULES
from copydesk.model.settings import Settings
from copydesk.model.tables import TABLES


def paths(kind: type[Any], above: str = "") -> set[str]:
    """Every key of the settings by its path."""
    found = set()
    for one in fields(kind):
        inner = one.default_factory
        is_table = isinstance(inner, type) and is_dataclass(inner)
        found |= paths(inner, f"{above}{one.name}.") if is_table else {f"{above}{one.name}"}
    return found


def kinds(root: type[CopydeskError]) -> set[type[CopydeskError]]:
    return {root, *(kind for below in root.__subclasses__() for kind in kinds(below))}


def rows(page: str) -> list[list[str]]:
    return [re.split(r" (?<!\\)\| ", line[2:-2]) for line in page.splitlines() if line.startswith("| `")]


def test_every_setting_stands_there_with_its_meaning() -> None:
    told = rows(settings())
    assert len(told) == len(paths(Settings))
    assert [row for row in told if not row[-1].strip()] == []


def test_every_column_of_a_working_table_stands_there_with_its_meaning() -> None:
    told = rows(working_tables())
    assert len(told) == sum(len(schema.names) for schema in TABLES.values())
    assert [row for row in told if not row[-1].strip()] == []


def test_every_command_and_every_error_has_a_section() -> None:
    assert [name for name in COMMANDS if f"\n## copydesk {name}\n" not in commands()] == []
    assert [kind.code for kind in kinds(CopydeskError) if f"### {kind.code}\n" not in errors()] == []


def test_errors_are_told_with_their_fixes_and_findings_with_their_codes() -> None:
    assert re.search(r"^\| no copydesk.toml|^\| no … in … or above it \| run copydesk init DIR", errors(), re.MULTILINE)
    assert len(rows(findings())) > 100


def test_no_meaning_is_left_of_what_is_gone() -> None:
    columns = {name for schema in TABLES.values() for name in schema.names}
    columns |= {f"{table}.{name}" for table, schema in TABLES.items() for name in schema.names}
    assert set(MEANINGS["settings"]) - paths(Settings) == set()
    assert set(MEANINGS["columns"]) - columns == set()
    assert {name or "file": set(keys) for name, keys in known_keys().items()} == {
        name: set(keys) for name, keys in MEANINGS["schema"].items()
    }
    assert set(MEANINGS["rules"]) == set(RULES)


def test_a_mark_of_a_page_is_filled() -> None:
    page = filled("# Keys\n\n<!-- made of the code: label keys -->\n")
    assert "| `1` | PERSON | " in page

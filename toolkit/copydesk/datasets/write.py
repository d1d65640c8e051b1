"""The files of a version: its content goes in, a finished folder with manifest and checksums comes out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.datasets.about import About
from copydesk.datasets.card import card
from copydesk.datasets.diff import KINDS, Difference
from copydesk.datasets.layout import ORDER, columns_of, dictionary, file_of, meaning, schema_of
from copydesk.datasets.rules import Bump
from copydesk.datasets.version import FORMAT_VERSION, MANIFEST, SUMS, Release
from copydesk.errors import ConfigError
from copydesk.model.progress import Progress
from copydesk.store import canonical_json, digest_of, file_sha256, write_file, write_table

LABEL_SET = "labels.json"
MAPS = "maps.json"  # a row for each name and each other schema
CHANGES = "CHANGES.md"
_EPOCH = "SOURCE_DATE_EPOCH"
_HEADING = "# Changes of "


@dataclass(frozen=True, slots=True)
class Content:
    """All that a version says, apart from its number: ``digests`` by part decide whether two versions say the same."""

    about: About
    tables: Mapping[str, pa.Table]
    agreement: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    logical: Mapping[str, str]

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each part that a reader can tell apart."""
        about = self.about
        return {
            **{f"tables/{name}": digest for name, digest in self.logical.items()},
            **{name: digest_of(value) for name, value in about.facts.items()},
            "labels": digest_of(about.label_set),
            "schema": about.schema.digest,
            "guidelines": digest_of(about.schema.guidelines),
            "agreement": digest_of(self.agreement),
            "findings": digest_of(self.findings),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """The step from the parent version to this one; the first has neither parent nor difference."""

    version: str
    bump: Bump
    difference: Difference
    parent: Release | None


def write_version(place: Path, *, content: Content, step: Step, progress: Progress) -> None:
    """Write every file of a version into the empty folder ``place``, each seen onto the disk and read-only."""
    _write_tables(place, content, progress)
    for name, text in _documents(place, content, step).items():
        write_file(place / name, text)
    names = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    write_file(place / MANIFEST, canonical_json(_manifest(place, names, content, step)))
    lines = [f"{file_sha256(place / name)}  {name}\n" for name in sorted([*names, MANIFEST])]
    write_file(place / SUMS, "".join(lines).encode())
    for path in (*(place / name for name in names), place / MANIFEST, place / SUMS):
        path.chmod(path.stat().st_mode & 0o444)


def _write_tables(place: Path, content: Content, progress: Progress) -> None:
    for number, (name, table) in enumerate(content.tables.items()):
        progress("writing tables", number, len(content.tables))
        path = place / file_of(name)
        path.parent.mkdir(exist_ok=True)
        write_table(path, table, sorted_by=ORDER[name])
    progress("writing tables", len(content.tables), len(content.tables))


def _documents(place: Path, content: Content, step: Step) -> dict[str, bytes]:
    """Every file that is no table and speaks of the content."""
    about = content.about
    texts = {
        "README.md": card(
            about=about,
            version=step.version,
            tables=content.tables,
            sizes={name: (place / file_of(name)).stat().st_size for name in content.tables},
            agreement=content.agreement,
            findings=content.findings,
            reasons=step.bump.reasons,
        ),
        CHANGES: _changes(about.name, step),
        "guidelines.md": about.schema.guidelines or f"# {about.schema.title}\n\nNo guidelines were written down.\n",
    }
    values = {
        LABEL_SET: about.label_set,
        "agreement.json": list(content.agreement),
        "findings.json": list(content.findings),
        **({MAPS: [asdict(one) for one in about.schema.mapped]} if about.schema.maps else {}),
        **{f"schema/{name}.json": _schema_of(name) for name in content.tables},
    }
    return {name: text.encode() for name, text in texts.items()} | {
        name: canonical_json(value) for name, value in values.items()
    }


def _schema_of(table: str) -> dict[str, Any]:
    schema = schema_of(table)
    assert schema is not None
    columns = [{**column, "meaning": meaning(table, column["name"])} for column in columns_of(schema)]
    return {
        "table": table,
        "file": file_of(table),
        "title": dictionary()["tables"][table]["title"],
        "sorted_by": list(ORDER[table]),
        "columns": columns,
    }


def _manifest(place: Path, names: list[str], content: Content, step: Step) -> dict[str, Any]:
    about, parent = content.about, step.parent
    named = {file_of(name): name for name in content.tables}
    created = _created_at()
    return {
        "format_version": FORMAT_VERSION,
        "name": about.name,
        "version": step.version,
        "parent": {"version": str(parent.version), "manifest_sha256": file_sha256(parent.path / MANIFEST)}
        if parent
        else None,
        "files": [_entry(place, name, named.get(name), content) for name in names],
        "columns": {name: columns_of(table.schema) for name, table in content.tables.items()},
        "counts": {name: table.num_rows for name, table in content.tables.items()},
        "schema": {"name": about.schema.name, "version": about.schema.version, "digest": about.schema.digest},
        **about.facts,
        "content": content.digests,
        "semver": {"bump": step.bump.level, "reasons": list(step.bump.reasons)},
        "diff": step.difference.as_json(),
        "tool": {"copydesk": about.tool_version},
        "writer": {"pyarrow": pa.__version__},
        **({"created_at": created} if created else {}),
    }


def _entry(place: Path, name: str, table: str | None, content: Content) -> dict[str, Any]:
    path = place / name
    entry: dict[str, Any] = {"path": name, "sha256": file_sha256(path), "bytes": path.stat().st_size}
    if table:
        entry |= {"table": table, "rows": content.tables[table].num_rows, "logical": content.logical[table]}
    return entry


def _created_at() -> str:
    """The time that the caller states; a clock would make other bytes of the same content."""
    stated = os.environ.get(_EPOCH, "")
    if not stated:
        return ""
    try:
        return datetime.fromtimestamp(int(stated), UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(
            f"{_EPOCH}={stated!r} is no time", fix="give whole seconds since 1970, or unset it"
        ) from error


def _changes(name: str, step: Step) -> str:
    """This version's changes above those of its parents."""
    earlier = ""
    if step.parent and (step.parent.path / CHANGES).is_file():
        text = (step.parent.path / CHANGES).read_text(encoding="utf-8")
        earlier = "\n" + text.partition("\n\n")[2] if text.startswith(_HEADING) else ""
    since = f"{step.bump.level}, since {step.parent.version}" if step.parent else "the first version"
    lines = [
        f"{_HEADING}{name}",
        "",
        f"## {step.version}: {since}",
        "",
        *(f"* {reason}." for reason in step.bump.reasons),
    ]
    rows = [
        f"| {label} | " + " | ".join(str(counts.get(kind, 0)) for kind in KINDS) + " |"
        for counted in (step.difference.spans, step.difference.relations)
        for label, counts in sorted(counted.items())
    ]
    if rows and step.parent:
        heads = ("label", *(kind.replace("_", " ") for kind in KINDS))
        lines += ["", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), *rows]
    return "\n".join([*lines, ""]) + earlier

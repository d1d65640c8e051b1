"""The files of a version: its content goes in, a finished folder with manifest and checksums comes out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.datasets.card import card
from copydesk.datasets.causes import ORDER as CHANGES_ORDER
from copydesk.datasets.content import Content, Step
from copydesk.datasets.croissant import croissant
from copydesk.datasets.diff import KINDS
from copydesk.datasets.layout import ORDER, columns_of, dictionary, file_of, meaning, schema_of
from copydesk.datasets.pictures import DRAWN_BY, Draw, Picture
from copydesk.datasets.splits import LEDGER_FILE
from copydesk.datasets.version import AGREEMENT, FINDINGS, FORMAT_VERSION, LABEL_SET, LABELLING, MANIFEST, SUMS
from copydesk.errors import ConfigError
from copydesk.model.progress import Progress
from copydesk.store import canonical_json, file_sha256, write_file, write_table

MAPS = "maps.json"  # a row for each name and each other schema
INPUTS = "inputs"  # a folder: what the version was made from beside the logs
CHANGES = "CHANGES.md"
CROISSANT = "croissant.json"
MASK_FILE = (
    "changes/test_mask.parquet"  # the test documents on which scores may be compared with the parent's, as step.MASK
)
CHANGED_LABELS = "changes/labels.parquet"  # since the parent, as causes.CAUSED
EPOCH = "SOURCE_DATE_EPOCH"
_HEADING = "# Changes of "


def write_version(place: Path, *, content: Content, step: Step, draw: Draw, progress: Progress) -> None:
    """Write every file of a version into the empty folder ``place``, each seen onto the disk and read-only."""
    _write_tables(place, content, step, progress)
    digests = {path.relative_to(place).as_posix(): file_sha256(path) for path in place.rglob("*") if path.is_file()}
    pictures = draw(place, content, step)
    for name, text in _documents(place, content, step, digests, pictures).items():
        write_file(place / name, text)
        digests[name] = hashlib.sha256(text).hexdigest()
    manifest = canonical_json(_manifest(place, digests, content, step, has_pictures=bool(pictures)))
    write_file(place / MANIFEST, manifest)
    sums = sorted((digests | {MANIFEST: hashlib.sha256(manifest).hexdigest()}).items())
    write_file(place / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sums).encode())
    for name in (*digests, MANIFEST, SUMS):
        path = place / name
        path.chmod(path.stat().st_mode & 0o444)


def _write_tables(place: Path, content: Content, step: Step, progress: Progress) -> None:
    files = list(content.files)
    for number, (path, name, _, table) in enumerate(files):
        progress("writing tables", number, len(files))
        (place / path).parent.mkdir(exist_ok=True)
        write_table(place / path, table, sorted_by=ORDER[name])
    beside: list[tuple[str, pa.Table, tuple[str, ...]]] = [(LEDGER_FILE, content.ledger, ("seq",))]
    if step.parent:
        beside.append((CHANGED_LABELS, step.changes, CHANGES_ORDER))
    if step.mask is not None:
        beside.append((MASK_FILE, step.mask, ("doc_id",)))
    for path, table, order in beside:
        (place / path).parent.mkdir(exist_ok=True)
        write_table(place / path, table, sorted_by=order)
    progress("writing tables", len(files), len(files))


def _documents(
    place: Path, content: Content, step: Step, digests: Mapping[str, str], pictures: Sequence[Picture]
) -> dict[str, bytes]:
    """Every file that is no table and speaks of the content; ``digests`` are those of the tables' files."""
    about = content.about
    sizes = {path: (place / path).stat().st_size for path, *_ in content.files}
    texts = {
        "README.md": card(content, version=step.version, sizes=sizes, reasons=step.bump.reasons, pictures=pictures),
        CHANGES: _changes(about.name, step),
        "guidelines.md": about.schema.guidelines or f"# {about.schema.title}\n\nNo guidelines were written down.\n",
    }
    values = {
        LABEL_SET: about.label_set,
        LABELLING: asdict(about.schema),
        AGREEMENT: list(content.agreement),
        FINDINGS: list(content.findings),
        CROISSANT: croissant(content, version=step.version, sizes=sizes, digests=digests, created=_created_at()),
        **({MAPS: [asdict(one) for one in about.schema.mapped]} if about.schema.maps else {}),
        **{f"schema/{name}.json": _schema_of(name, content) for name in next(iter(content.parts.values()))},
    }
    return {
        **{name: text.encode() for name, text in texts.items()},
        **{name: canonical_json(value) for name, value in values.items()},
        **{one.path: one.svg for one in pictures},
        **{f"{INPUTS}/{name}": data for name, data in about.inputs.files.items()},
    }


def _schema_of(table: str, content: Content) -> dict[str, Any]:
    schema = schema_of(table)
    assert schema is not None
    columns = [{**column, "meaning": meaning(table, column["name"])} for column in columns_of(schema)]
    return {
        "table": table,
        "files": [file_of(table, split) for split in content.parts],
        "title": dictionary()["tables"][table]["title"],
        "sorted_by": list(ORDER[table]),
        "columns": columns,
    }


def _manifest(
    place: Path, digests: Mapping[str, str], content: Content, step: Step, *, has_pictures: bool
) -> dict[str, Any]:
    about, parent = content.about, step.parent
    files = {path: (name, split, table.num_rows) for path, name, split, table in content.files}
    tables = content.tables
    created = _created_at()
    return {
        "format_version": FORMAT_VERSION,
        "name": about.name,
        "version": step.version,
        "parent": {"version": str(parent.version), "manifest_sha256": file_sha256(parent.path / MANIFEST)}
        if parent
        else None,
        "files": [
            _entry(place / name, name, digest, content.logical.get(name), files.get(name))
            for name, digest in sorted(digests.items())
        ],
        "columns": {name: columns_of(table.schema) for name, table in tables.items()},
        "counts": {name: table.num_rows for name, table in tables.items()},
        "splits": {split: part["documents"].num_rows for split, part in content.parts.items()},
        "held": len(content.held),
        "schema": {"name": about.schema.name, "version": about.schema.version, "digest": about.schema.digest},
        **about.facts,
        "content": content.digests,
        "semver": {"bump": step.bump.level, "reasons": list(step.bump.reasons)},
        "diff": step.difference.as_json(),
        "inputs": dict(about.inputs.logs),
        "tool": {"copydesk": about.tool_version},
        "writer": {"pyarrow": pa.__version__, **({DRAWN_BY: installed(DRAWN_BY)} if has_pictures else {})},
        **({"created_at": created} if created else {}),
    }


def _entry(
    path: Path, name: str, digest: str, logical: str | None, file: tuple[str, str, int] | None
) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": name, "sha256": digest, "bytes": path.stat().st_size}
    if file:
        table, split, rows = file
        entry |= {"table": table, "split": split, "rows": rows, "logical": logical}
    return entry


def _created_at() -> str:
    """The time that the caller states; a clock would make other bytes of the same content."""
    stated = os.environ.get(EPOCH, "")
    if not stated:
        return ""
    try:
        return datetime.fromtimestamp(int(stated), UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"{EPOCH}={stated!r} is no time", fix="give whole seconds since 1970, or unset it") from error


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
        for counted in (step.difference.spans, step.difference.relations, step.difference.categories)
        for label, counts in sorted(counted.items())
    ]
    if rows and step.parent:
        heads = ("label", *(kind.replace("_", " ") for kind in KINDS))
        lines += ["", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), *rows]
    return "\n".join([*lines, ""]) + earlier

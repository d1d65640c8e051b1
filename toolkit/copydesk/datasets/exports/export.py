"""Exporting: a corpus and a format go in, a folder that is there whole or not at all comes out, with a receipt."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.exports.formats import FORMATS, Format
from copydesk.datasets.exports.licences import may_pass_on
from copydesk.datasets.exports.report import summary
from copydesk.datasets.exports.standoff import RECEIPT
from copydesk.datasets.layout import DECLARED
from copydesk.datasets.staging import staged, sweep_staging
from copydesk.errors import DataError, UsageError
from copydesk.store import canonical_json, file_sha256, sync_folder, translated

LEFT_OUT = "left-out.jsonl"
_RECEIPT_VERSION = 1
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Exported:
    """What is in the folder, as its receipt says it; ``changed`` is false where it was there already."""

    path: Path
    receipt: Mapping[str, Any]
    changed: bool


def export(corpus: Corpus, name: str, chosen: Format, target: Path, *, any_licence: bool, tool: str) -> Exported:
    """Write a corpus in a format, called ``name``, as the folder ``target``; an earlier export there is replaced once the new one is whole.

    What the format cannot hold is counted in the receipt (``export.json``), and listed in ``left-out.jsonl`` where it is spans or
    relations. Texts whose licences do not permit it are written only with ``any_licence``. The same again writes nothing. Raises
    DataError for such a licence, UsageError where the target is something else or the format needs the texts, StoreError where the
    disk refuses.
    """
    if chosen.needs_text and not corpus.has_text:
        raise UsageError(
            f"{name} cannot be without texts",
            fix=f"choose one of {', '.join(name for name, one in FORMATS.items() if not one.needs_text)}",
        )
    if corpus.has_text and not any_licence:
        _check_licences(corpus)
    asked = {
        "export": _RECEIPT_VERSION,
        "format": name,
        **{key: getattr(corpus, key) for key in ("name", "version", "licence", "has_text")},
        **{key: list(getattr(corpus, key)) for key in ("language", "splits", "tables", "missing")},
        "source_sha256": corpus.digest,
        "tool": tool,
    }
    earlier = _receipt_in(target)
    if earlier and earlier.items() >= asked.items() and _files_in(target) == earlier["files"]:
        return Exported(target, earlier, changed=False)
    with translated(target.parent, "write"):
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep_staging(target.parent)
        with staged(target.parent) as place:
            receipt = asked | _written(corpus, chosen, place / "new")
            (place / "new" / RECEIPT).write_bytes(canonical_json(receipt))
            _see_onto_disk(place / "new")
            if target.exists():
                target.rename(place / "old")
            (place / "new").rename(target)
            sync_folder(target.parent)
    return Exported(target, receipt, changed=True)


def _written(corpus: Corpus, chosen: Format, place: Path) -> dict[str, Any]:
    place.mkdir()
    made = chosen.write(corpus, place)
    rows = sorted((one.as_row() for one in made.left_out), key=canonical_json)
    if rows:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (place / LEFT_OUT).write_text("".join(lines), encoding="utf-8")
    return {
        "counts": dict(sorted(made.counts.items())),
        "tokenizer": made.tokenizer,
        "left_out": summary(made.left_out),
        "not_held": {} if chosen.is_tables else _not_held(corpus, chosen),
        "files": _files_in(place),
    }


def _not_held(corpus: Corpus, chosen: Format) -> dict[str, int]:
    """Count the rows of agreed labels for which a format has no place."""
    counts = {}
    for name in ("relations", *DECLARED):
        if name in corpus.tables and name not in chosen.holds:
            counts[name] = sum(corpus.read(split, name).num_rows for split in corpus.splits)
    if "attributes" not in chosen.holds:
        spans = (corpus.read(split, "spans")["attributes"] for split in corpus.splits)
        counts["attributes"] = sum(pc.sum(pc.list_value_length(column)).as_py() or 0 for column in spans)
    return {name: count for name, count in counts.items() if count}


def _check_licences(corpus: Corpus) -> None:
    """Refuse to pass on texts that nobody permitted to."""
    forbidden = [
        f"{row['doc_id']} ({row['licence'] or 'no licence stated'})"
        for split in corpus.splits
        for row in corpus.read(split, "sources").select(["doc_id", "licence"]).to_pylist()
        if not may_pass_on(row["licence"])
    ]
    if forbidden:
        listed = ", ".join(forbidden[:_SHOWN]) + (", …" if len(forbidden) > _SHOWN else "")
        raise DataError(
            f"the licences of {len(forbidden)} documents do not permit passing their texts on: {listed}",
            fix="export without the texts (--without-text), or, if you may or keep it to yourself, with --any-licence",
        )


def _receipt_in(target: Path) -> dict[str, Any]:
    """Read the receipt of an earlier export; nothing where there is no folder. Raises UsageError for what is no export."""
    with translated(target, "read"):
        if not target.exists() or (target.is_dir() and not any(target.iterdir())):
            return {}
    try:
        receipt = json.loads((target / RECEIPT).read_bytes())
        if receipt["export"] >= _RECEIPT_VERSION and isinstance(receipt["files"], dict):
            return dict(receipt)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise UsageError(
        f"{target} is there already, and is no export", fix="name a folder that is not there, or an export to replace"
    )


def _see_onto_disk(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _files_in(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file but the receipt."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: file_sha256(path) for name, path in named.items() if name != RECEIPT}

"""A published version goes in, its labels in another tool's format come out: the formats, Label Studio's among them, and the texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.exports.export import Exported
from copydesk.datasets.exports.export import export as write_export
from copydesk.datasets.exports.formats import FORMATS, Format
from copydesk.datasets.exports.hub import push
from copydesk.datasets.exports.report import Made, Tally
from copydesk.datasets.exports.standoff import with_text, without_text
from copydesk.datasets.layout import NESTED
from copydesk.datasets.load import find_version
from copydesk.errors import DataError, StoreError, UsageError
from copydesk.flow.report import Report
from copydesk.model.document import text_sha256
from copydesk.studio.interface import to_config
from copydesk.studio.task_file import labelled_task
from copydesk.workspace import Workspace

_TOLD = ("format", "name", "version", "splits", "tables", "tokenizer", "left_out", "not_held", "missing")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported, and how: splits and tables are all where none is named; ``any_licence`` also of texts under closed licences.

    ``push`` is the repository on the Hugging Face Hub, as OWNER/NAME, that it is sent to afterwards; empty: none.
    """

    format: str
    to: Path
    splits: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    without_text: bool = False
    any_licence: bool = False
    push: str = ""

    def __post_init__(self) -> None:
        if self.push and self.format != "parquet":
            raise UsageError(f"the Hub does not load {self.format}", fix="push with --format parquet")


def export_version(folder: Path, name: str, version: str, wanted: Wanted) -> Report:
    """Export a version of a dataset in ``folder``, by default the newest; raises as ``find_version`` and ``export`` do."""
    corpus = Corpus.of_version(find_version(name, version, folder=folder))
    if wanted.without_text:
        corpus = without_text(corpus)
    done = _export(corpus, wanted)
    if wanted.push:
        push(done.path, wanted.push, version=corpus.version)
    return _report(done, pushed=wanted.push)


def join_texts(standoff: Path, texts: Mapping[str, str], wanted: Wanted) -> Report:
    """Put texts, by their SHA-256, back into an export without them, and export that, whatever the licences.

    Raises DataError where no text fits.
    """
    corpus = with_text(standoff, texts)
    if not any(corpus.read(split, "documents").num_rows for split in corpus.splits):
        raise DataError(
            f"none of the {len(corpus.missing)} texts that {standoff} needs is here",
            fix="see README.md there for how the texts are made",
        )
    return _report(_export(corpus, replace(wanted, any_licence=True)))


def texts_in_workspace(workspace: Workspace) -> dict[str, str]:
    """Every text that the workspace has or had of a document, by its SHA-256."""
    table = workspace.documents.read("documents", columns=["text_sha256", "text"])
    return dict(zip(table["text_sha256"].to_pylist(), table["text"].to_pylist(), strict=True))


def texts_in(folder: Path) -> dict[str, str]:
    """The texts below a folder, by their SHA-256: ``.txt`` files of UTF-8 and the column ``text`` of ``.parquet`` files."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".txt", ".parquet"}:
            found |= {text_sha256(text): text for text in _texts_of(path)}
    return found


def _texts_of(path: Path) -> Sequence[str]:
    try:
        if path.suffix == ".txt":
            return [path.read_bytes().decode()]
        file = pq.ParquetFile(path)
        return file.read(["text"])["text"].to_pylist() if "text" in file.schema_arrow.names else []
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise StoreError(f"cannot read {path}: {error}", fix="mend the file, or take it out of the folder") from error


def _write_label_studio(corpus: Corpus, place: Path) -> Made:
    """Write ``SPLIT.json``, tasks with an annotation each, and ``label_config.xml`` for the project that they are imported into.

    Characters beyond U+FFFF are shown as ``□``, as ``push`` shows them.
    """
    schema = corpus.schema
    (place / "label_config.xml").write_text(to_config(schema), encoding="utf-8")
    tally = Tally()
    for split in corpus.splits:
        with (place / f"{split}.json").open("w", encoding="utf-8") as file:
            file.write("[")
            for number, one in enumerate(corpus.documents(split)):
                said = {"spans": one.spans, "relations": one.relations, "categories": one.categories}
                task = labelled_task(one.row, **said, schema=schema)
                file.write((",\n" if number else "\n") + json.dumps(task, ensure_ascii=False))
                tally.add(documents=1, **{name: len(rows) for name, rows in said.items()})
            file.write("\n]\n")
    return tally.made()


ALL_FORMATS: Mapping[str, Format] = {
    **FORMATS,
    "labelstudio": Format(_write_label_studio, frozenset({"relations", "attributes", "categories"})),
}


def _export(corpus: Corpus, wanted: Wanted) -> Exported:
    chosen = ALL_FORMATS[wanted.format]
    if wanted.tables and not chosen.is_tables:
        raise UsageError(f"{wanted.format} has no tables to choose from", fix="leave --table out")
    tables = wanted.tables or ((NESTED,) if wanted.format == "huggingface" and corpus.has_text else ())
    return write_export(
        corpus.only(splits=wanted.splits, tables=tables),
        wanted.format,
        chosen,
        wanted.to,
        any_licence=wanted.any_licence,
        tool=f"copydesk {installed('copydesk')}",
    )


def _report(done: Exported, *, pushed: str = "") -> Report:
    receipt = done.receipt
    lines = [f"{receipt['name']} {receipt['version']} as {receipt['format']}: {done.path}"]
    if receipt["tokenizer"]:
        lines.append(f"tokens: {receipt['tokenizer']}")
    for name, one in receipt["left_out"].items():
        lines.append(f"left out, {name}: {one['count']:,} ({_listed(one['first'], one['count'])})")
    if receipt["not_held"]:
        held = ", ".join(f"{count:,} {name}" for name, count in receipt["not_held"].items())
        lines.append(f"this format has no place for: {held}")
    missing = receipt["missing"]
    if missing:
        lines.append(f"no text was found for: {len(missing):,} documents ({_listed(missing[:5], len(missing))})")
    if pushed:
        lines.append(f"pushed to the Hugging Face Hub: {pushed}, tag {receipt['version']}")
    return Report(
        "export",
        {**receipt["counts"], "left out": sum(one["count"] for one in receipt["left_out"].values())},
        changed=done.changed,
        lines=tuple(lines),
        data={
            "path": str(done.path),
            **{name: receipt[name] for name in _TOLD},
            "pushed": pushed,
        },
    )


def _listed(first: Sequence[str], count: int) -> str:
    return ", ".join([*first, *(["…"] if count > len(first) else [])])

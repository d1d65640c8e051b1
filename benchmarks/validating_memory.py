"""The gate of labels over a million spans in files and over three million: the peak of memory of each, in a process of its own.

``python benchmarks/validating_memory.py MILLIONS…`` measures other numbers, and prints what each took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from agreement_memory import peak
from ratio import Ratio, at_most

from copydesk.model.document import text_sha256
from copydesk.model.tables import TABLES
from copydesk.validation import validate_files

ROOT = Path(__file__).resolve().parents[1]
FEW, MANY = 1, 3  # millions of spans
MOST = 1.5  # times the memory
DOCUMENTS, SPANS = 20_000, 50  # of a million: documents, and spans of each
WRONG = 2_000  # one span in so many says another text than its document
WORD = "Škoda’s"
PARAMETERS = {"labels": ["ORG"], "relations": [], "signatures": {}, "attributes": {}, "overlap": "nested"}


def run() -> Iterator[Ratio]:
    """Give how much more memory the greater table takes."""
    few, many = (measured(millions)["peak"] for millions in (FEW, MANY))
    yield at_most(f"memory of checks of {MANY},000,000 spans over that of {FEW},000,000", [many / few], MOST)


def measured(millions: int) -> dict[str, float]:
    """Write so many millions of spans into a folder and judge them, in processes of their own."""
    with tempfile.TemporaryDirectory() as folder:
        for what in ("write", "judge"):
            command = [sys.executable, __file__, what, folder, str(millions)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return told


def write(folder: Path, millions: int) -> None:
    """Write the tables of the gate of labels, a million spans at a time; those without rows too."""
    for name in ("relations", "categories", "anchors", "unread"):
        pq.write_table(TABLES[name].empty_table(), folder / f"{name}.parquet")
    files = {
        name: pq.ParquetWriter(folder / f"{name}.parquet", TABLES[name]) for name in ("documents", "reads", "spans")
    }
    for million in range(millions):
        for name, table in _tables(million).items():
            files[name].write_table(table, row_group_size=100_000)
    for file in files.values():
        file.close()


def _tables(million: int) -> dict[str, pa.Table]:
    text = " ".join([WORD] * 4 * SPANS)
    digest = text_sha256(text)
    known = {"revision": 1, "text_sha256": digest}
    ids = pa.array([f"doc-{million:04x}{number:012x}" for number in range(DOCUMENTS)])
    document = {"source": "made", "raw_sha256": digest, "licence": "CC0-1.0", "recipe": "none", "text": text}
    read = {"annotation_id": pc.binary_join_element_wise("1", ids, "1", "-"), "doc_id": ids, "annotator": "A1"}
    owner, number = np.repeat(np.arange(DOCUMENTS), SPANS), np.tile(np.arange(SPANS), DOCUMENTS)
    start = number * 4 * len(f"{WORD} ")
    surface = np.where(np.arange(len(owner)) % WRONG, WORD, "Tatra’s").astype(object)
    span: dict[str, Any] = {
        name: one.take(pa.array(owner)) if isinstance(one, pa.Array) else one for name, one in read.items()
    }
    span |= {
        "span_id": pc.binary_join_element_wise(span["doc_id"], pa.array(number).cast(pa.string()), "-"),
        "start": pa.array(start),
        "end": pa.array(start + len(WORD)),
        "surface": pa.array(surface),
        "label": "ORG",
        "origin": "manual",
        "attributes": [],
    }
    return {
        "documents": filled("documents", {"doc_id": ids, **known, **document}, DOCUMENTS),
        "reads": filled("reads", {**read, **known, "spans": SPANS, "relations": 0}, DOCUMENTS),
        "spans": filled("spans", {**span, **known}, len(owner)),
    }


def filled(name: str, columns: Mapping[str, Any], size: int) -> pa.Table:
    """Give a table of so many rows: of each column its cells, or one value for all; the others are empty."""
    schema = TABLES[name]
    values = {field.name: columns.get(field.name) for field in schema}
    return pa.table(
        [
            values[field.name].cast(field.type)
            if isinstance(values[field.name], pa.Array)
            else pa.repeat(pa.scalar(values[field.name], field.type), size)
            for field in schema
        ],
        schema=schema,
    )


def judge(folder: Path) -> dict[str, float]:
    """Judge the tables share by share in this process, and give what that took: seconds of the processor, and megabytes."""
    files = {path.stem: [path] for path in folder.glob("*.parquet")}
    begun = time.process_time()
    done = validate_files(files, suites=ROOT / "validation", parameters=PARAMETERS, each=map, gates=("labels",))
    return {
        "findings": done.findings.num_rows,
        "failing rows": done.failing_rows.num_rows,
        "seconds": time.process_time() - begun,
        "peak": peak() / 1024,
    }


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1] == "judge":
        print(json.dumps(judge(Path(sys.argv[2]))))
    else:
        for count in sys.argv[1:]:
            print(json.dumps(measured(int(count))), flush=True)

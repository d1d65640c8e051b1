"""Plain-text news into documents, zones and edits, against datatrove's repair, filter and writer, in CPU seconds.

Datatrove runs without and with its redaction of e-mail and IP addresses, which ours has no equivalent of. All read the same JSON Lines and write Parquet. Datatrove leaves a repaired text; ours leaves the text, every edit, every zone with its
rule, titles, authors, dates and languages. Start-up and imports are left out on both sides.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from generator import write_jsonl
from peers import python_of
from ratio import Ratio

from copydesk.documents import build_documents
from copydesk.model import tables

# A batch is what a part of the log holds at most.
ARTICLES, BATCH, ROUNDS, TARGET = 6_000, 2_000, 5, 5.0
PEER = ("datatrove[io,processing]==0.10.1", "ftfy==6.3.1", "pyarrow==26.0.1", "orjson")
STEPS = {
    "repair": "datatrove's repair, filter and writer",
    "repair-and-redact": "datatrove's repair, redaction of e-mail and IP addresses, filter and writer",
}


def run() -> Iterator[Ratio]:
    """Run ours and each of datatrove's pipelines in turn and give the medians of its CPU seconds over ours.

    Raises PeerMissingError without datatrove.
    """
    peer = python_of("datatrove", PEER)
    rounds: dict[str, list[float]] = {steps: [] for steps in STEPS}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = folder / "articles.jsonl"
        write_jsonl(file, ARTICLES)
        curate(file, folder / "warm", limit=BATCH)
        for turn in range(ROUNDS):
            ours = _our_seconds(file, folder / str(turn))
            for steps, found in rounds.items():
                found.append(_peer_seconds(peer, file, steps) / ours)
    for steps, found in rounds.items():
        value = statistics.median(found)
        name = f"plain-text news, documents per CPU second: ours over {STEPS[steps]}"
        yield Ratio(name, value, f"≥ {TARGET:g}", value >= TARGET, tuple(found))


def curate(file: Path, folder: Path, *, limit: int | None = None) -> int:
    """Make documents, zones and edits of the articles in ``file``, as Parquet files in ``folder``; gives how many were kept."""
    folder.mkdir()
    names = ("documents", "zones", "edits")
    writers = {name: pq.ParquetWriter(folder / f"{name}.parquet", tables.TABLES[name]) for name in names}
    kept = 0
    with file.open("rb") as lines:
        for batch in _batches(islice(lines, limit)):
            outcome = build_documents(batch, known=tables.empty("documents"), max_chars=1_000_000)
            kept += outcome.kept_rows
            for name, writer in writers.items():
                writer.write_table(outcome.kept[name])
    for writer in writers.values():
        writer.close()
    return kept


def _batches(lines: Iterator[bytes]) -> Iterator[pa.Table]:
    while some := [json.loads(line) for line in islice(lines, BATCH)]:
        raw = [one["text"].encode("utf-8") for one in some]
        columns = {
            "source": [one["id"] for one in some],
            "raw_sha256": [hashlib.sha256(one).hexdigest() for one in raw],
            "bytes": [len(one) for one in raw],
            "format": ["text"] * len(some),
            "encoding": ["utf-8"] * len(some),
            "raw": raw,
            "url": [one["url"] for one in some],
            "publisher": [one["publisher"] for one in some],
        }
        schema = tables.ARTICLES
        nothing = pa.nulls(len(some))
        yield pa.table(
            [
                pa.array(columns[field.name], field.type) if field.name in columns else nothing.cast(field.type)
                for field in schema
            ],
            schema,
        )


def _our_seconds(file: Path, folder: Path) -> float:
    begin = time.process_time()
    curate(file, folder)
    return time.process_time() - begin


def _peer_seconds(python: Path, file: Path, steps: str) -> float:
    script = Path(__file__).with_name("curation_peer.py")
    done = subprocess.run([str(python), str(script), str(file), steps], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    ratios = list(run())
    for one in ratios:
        rounds = ", ".join(f"{each:.2f}" for each in one.rounds)
        print(f"{one.name}: {one.value:.2f} (has to be {one.target}; rounds {rounds})")
    sys.exit(0 if all(one.reached for one in ratios) else 1)

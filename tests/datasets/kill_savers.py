"""Kill three ways of saving at the same moments, over an earlier save; print what each kill left, as JSON lines.

``python kill_savers.py FOLDER KILLS``: rows of edition 1 are saved, then those of edition 2 over them, by ``copydesk`` (publish),
``to_parquet`` (pandas' ``DataFrame.to_parquet``) and ``save_to_disk`` (Hugging Face's ``DatasetDict.save_to_disk``). Each way is timed
unharmed, and killed at so many moments spread evenly over that time; then what a reader finds is looked at: the ``old`` edition, the ``new`` one,
``mixed`` rows of both, or something ``unreadable``.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import newsroom
import pandas as pd
import pyarrow.dataset  # noqa: F401  # loaded once here, so that no child has to

from copydesk.datasets.events import latest_in
from copydesk.datasets.load import read_published, verify

DOCUMENTS = 1500
GOLDEN = 0.6180339887498949  # its multiples spread evenly between two whole numbers, however many there are
SPLITS = {"train": 0.5, "validation": 0.7, "test": 1.0}  # where each ends
Read = Callable[[Path], set[int]]


@dataclass(frozen=True, slots=True)
class Saver:
    """A way of saving: what makes an edition ready, what saves it, and what tells which editions the rows that are read are of."""

    ready: Callable[[int], Any]
    save: Callable[[Any, Path], object]
    editions: Read


def tables(edition: int) -> Any:
    return newsroom.many(DOCUMENTS, [f"x{number}" for number in range(DOCUMENTS)] if edition == 2 else ())


def frame(edition: int) -> pd.DataFrame:
    return tables(edition)["agreed_spans"].to_pandas().assign(edition=edition)


def parts(edition: int) -> datasets.DatasetDict:
    rows, made, start = frame(edition), {}, 0
    for split, share in SPLITS.items():
        end = int(len(rows) * share)
        made[split] = datasets.Dataset.from_pandas(rows[start:end], preserve_index=False)
        start = end
    return datasets.DatasetDict(made)


def published(folder: Path) -> set[int]:
    latest = latest_in(folder / newsroom.NAME)
    assert latest is not None
    assert verify(latest.path) == ()
    labels = set(read_published(latest.path, "spans")["label"].to_pylist())
    return {{"PERSON": 1, "PLACE": 2}[label] for label in labels}


def loaded(folder: Path) -> set[int]:
    found = datasets.load_from_disk(str(folder / "saved"))
    assert sum(map(len, found.values())) == DOCUMENTS
    return {one for part in found.values() for one in part["edition"]}


def in_parquet(folder: Path) -> set[int]:
    found = pd.read_parquet(folder / "saved.parquet")
    assert len(found) == DOCUMENTS
    return set(found["edition"])


SAVERS: Mapping[str, Saver] = {
    "copydesk": Saver(
        tables,
        lambda made, folder: newsroom.publish_divided(
            folder / newsroom.NAME, tables=made, about=newsroom.ABOUT, plan=newsroom.DIVIDED, progress=newsroom.silent
        ),
        published,
    ),
    "to_parquet": Saver(frame, lambda made, folder: made.to_parquet(folder / "saved.parquet"), in_parquet),
    "save_to_disk": Saver(parts, lambda made, folder: made.save_to_disk(str(folder / "saved")), loaded),
}


def forked(work: Callable[[], object]) -> int:
    """Do it in a child that says nothing; give the child's number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        handle = os.open(os.devnull, os.O_WRONLY)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        work()
        code = 0
    finally:
        os._exit(code)


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def saved(saver: Saver, folder: Path, edition: int, after: float | None = None) -> tuple[int, float]:
    """Save an edition in a child, killed so many seconds after it began; give its exit code and how long it took."""
    read, write = os.pipe()

    def work() -> None:
        made = saver.ready(edition)
        os.write(write, b".")
        saver.save(made, folder)

    child = forked(work)
    os.close(write)
    os.read(read, 1)
    os.close(read)
    begun = time.monotonic()
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    return ended(child), time.monotonic() - begun


def found(saver: Saver, folder: Path) -> str:
    """Say what a reader, in a child, meets."""
    said = folder.with_name("said")
    said.write_text("unreadable")

    def work() -> None:
        editions = saver.editions(folder)
        said.write_text("mixed" if len(editions) > 1 else "new" if editions == {2} else "old")

    ended(forked(work))
    return said.read_text()


def timed(saver: Saver, old: Path, tried: Path) -> float:
    """Save over an earlier save, unharmed; give how long it took."""
    shutil.copytree(old, tried)
    code, took = saved(saver, tried, 2)
    assert (code, found(saver, tried)) == (0, "new")
    shutil.rmtree(tried)
    return took


def main() -> None:
    """Kill each way of saving so many times."""
    root, kills = Path(sys.argv[1]), int(sys.argv[2])
    for name, saver in SAVERS.items():
        old, tried = root / name, root / "tried"
        old.mkdir()
        assert saved(saver, old, 1)[0] == 0
        assert found(saver, old) == "old"
        whole = statistics.median(timed(saver, old, tried) for _ in range(5))
        killed = 0
        for number in itertools.count(1):
            shutil.copytree(old, tried)
            code, _ = saved(saver, tried, 2, whole * (number * GOLDEN % 1))
            if code < 0:  # and not done before
                killed += 1
                print(json.dumps({"saver": name, "found": found(saver, tried)}), flush=True)
            shutil.rmtree(tried)
            if killed == kills:
                break


if __name__ == "__main__":
    main()

"""Ten times the articles: how much more time, and how much memory. ``make scale`` runs it and writes ``scale.md``.

Articles of ``generator.py`` are ingested by the command itself in a new workspace, as one file of JSON Lines; then suggestions are made for
them. Memory is the greatest sum of
the proportional set sizes (PSS) of all its processes, looked at four times a second; CPU time is what all of them used, as it was when each
was seen last. What the search for copies found is compared with what the generator knows: of all pairs of documents, those that
are one story. ``python benchmarks/scale.py COUNT…`` measures other numbers of articles and writes nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
from generator import story_of, write_jsonl

FEW, MANY = 100_000, 1_000_000
MOST_TIMES, MOST_MEGABYTES = 11.0, 1_500.0
COMMAND = [sys.executable, "-c", "from copydesk.cli import main; main()"]
CHECKOUT = Path(__file__).parents[1]
SCHEMA = "news-entities"
SETTINGS = f'name = "scale"\nschema = "{SCHEMA}"\n[ingest]\npaths = ["articles.jsonl"]\n'
LOOK = 0.25  # seconds between two looks at the processes
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cost:
    """What a command took: seconds on the clock, seconds of all processors, and the most memory at once."""

    wall: float = 0.0
    megabytes: float = 0.0
    seconds: dict[int, float] = field(default_factory=dict)  # by process

    @property
    def cpu(self) -> float:
        return sum(self.seconds.values())


@dataclass(frozen=True, slots=True)
class Measured:
    """What it took to ingest so many articles, to do so again with nothing changed, and to count; and how right the stories are."""

    articles: int
    first: Cost
    again: Cost
    status: Cost
    suggest: Cost
    copies: int
    story: tuple[float, float]  # precision and recall
    group: tuple[float, float]


def measured(count: int, folder: Path) -> Measured:
    """Ingest ``count`` articles in a workspace in ``folder``, and have suggestions made for them."""
    shutil.copytree(CHECKOUT / "schemas" / SCHEMA, folder / "schemas" / SCHEMA)
    (folder / "copydesk.toml").write_text(SETTINGS, encoding="utf-8")
    write_jsonl(folder / "articles.jsonl", count)
    first, report = _run(folder, "ingest", "--json")
    again, _ = _run(folder, "ingest", "--json")
    status, _ = _run(folder, "status", "--json")
    suggest, _ = _run(folder, "suggest", "--json")
    story, group = _rightness(folder)
    return Measured(count, first, again, status, suggest, json.loads(report)["counts"]["copies"], story, group)


def _run(folder: Path, *words: str) -> tuple[Cost, bytes]:
    cost, begin = Cost(), time.monotonic()
    with subprocess.Popen([*COMMAND, "--workspace", str(folder), *words], stdout=subprocess.PIPE) as process:
        done = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, cost, done))
        watcher.start()
        output = process.communicate()[0]
        cost.wall = time.monotonic() - begin
        done.set()
        watcher.join()
    if process.returncode:
        raise SystemExit(f"copydesk {' '.join(words)} ended with exit code {process.returncode}")
    return cost, output


def _watch(root: int, cost: Cost, done: threading.Event) -> None:
    while not done.wait(LOOK):
        kilobytes = 0
        for process in _tree(root):
            try:
                told = Path(f"/proc/{process}/smaps_rollup").read_text()
                cost.seconds[process] = _seconds(process)
            except OSError:  # it ended meanwhile
                continue
            kilobytes += sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:"))
        cost.megabytes = max(cost.megabytes, kilobytes / 1_000)


def _tree(root: int) -> Iterator[int]:
    """The process and all that it started, through any number of others."""
    yield root
    for listed in Path(f"/proc/{root}/task").glob("*/children"):
        try:
            children = listed.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


def _seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rightness(folder: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Precision and recall of the pairs of one story and of one group, against the generator's own."""
    true: dict[str, int] = {}
    for path in sorted((folder / ".copydesk/documents").glob("*/documents.parquet")):
        told = pq.read_table(path, columns=["doc_id", "url"])
        names = zip(told["doc_id"].to_pylist(), told["url"].to_pylist(), strict=True)
        true.update((name, story_of(int(url.rpartition("/")[2]))) for name, url in names)
    [copies] = (folder / ".copydesk/copies").glob("*/copies.parquet")
    found = pq.read_table(copies, columns=["doc_id", "story_id", "group_id"])
    named = [true[name] for name in found["doc_id"].to_pylist()]
    story, group = (_agreement(named, found[column].to_pylist()) for column in ("story_id", "group_id"))
    return story, group


def _agreement(true: Sequence[int], found: Sequence[str]) -> tuple[float, float]:
    both, of_found, of_true = _pairs(zip(true, found, strict=True)), _pairs(found), _pairs(true)
    return both / max(of_found, 1), both / max(of_true, 1)


def _pairs(names: Iterable[object]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(names).values())


HEAD = """# Ten times the articles

Articles of `benchmarks/generator.py`, 1.6 kB each and three in a hundred of them copies, ingested by `copydesk ingest` from one file of JSON Lines
into a new workspace. `make scale` makes this page. Memory is the greatest sum of the proportional set sizes (PSS) of all processes; *again* is
the same command with nothing changed; *suggest* is `copydesk suggest` with the suggesters of a new workspace; the pairs are those of documents that are one story, against what the generator knows.

| articles | minutes | CPU seconds | peak MB | again: s, MB | status: s, MB | suggest: minutes, CPU seconds, MB | copies | pairs: precision, recall | the same of groups |
|---|---|---|---|---|---|---|---|---|---|
"""


def _row(one: Measured) -> str:
    again, status = (f"{cost.wall:.1f}, {cost.megabytes:.0f}" for cost in (one.again, one.status))
    story, group = (f"{told[0]:.4f}, {told[1]:.4f}" for told in (one.story, one.group))
    cells = [f"{one.articles:,}", f"{one.first.wall / 60:.1f}", f"{one.first.cpu:.0f}", f"{one.first.megabytes:.0f}"]
    suggest = f"{one.suggest.wall / 60:.1f}, {one.suggest.cpu:.0f}, {one.suggest.megabytes:.0f}"
    return "| " + " | ".join([*cells, again, status, suggest, f"{one.copies:,}", story, group]) + " |"


def main(counts: Sequence[int]) -> int:
    """Measure each number of articles, print it as it comes, and say whether the targets are reached."""
    told: list[Measured] = []
    for count in counts or (FEW, MANY):
        with tempfile.TemporaryDirectory() as scratch:
            told.append(measured(count, Path(scratch) / "workspace"))
        print(_row(told[-1]), flush=True)
    few, many = told[0], told[-1]
    times, most = many.first.cpu / few.first.cpu, max(one.first.megabytes for one in told)
    suggested, at_once = many.suggest.cpu / few.suggest.cpu, max(one.suggest.megabytes for one in told)
    limit = MOST_TIMES * many.articles / few.articles / 10
    lines = [
        f"* {many.articles / few.articles:g} times the articles take {times:.2f} times the CPU time (at most {limit:g}), "
        f"{many.first.wall / few.first.wall:.2f} times the time on the clock.",
        f"* {many.articles:,} articles take {most:.0f} MB (at most {MOST_MEGABYTES:.0f}).",
        f"* Suggestions for them take {suggested:.2f} times the CPU time (at most {limit:g}), and {at_once:.0f} MB (at most "
        f"{MOST_MEGABYTES:.0f}).",
    ]
    print("\n".join(lines))
    if not counts:
        page = HEAD + "\n".join(map(_row, told)) + "\n\n" + "\n".join(lines) + "\n"
        Path(__file__).with_name("scale.md").write_text(page, encoding="utf-8")
    return 0 if max(times, suggested) <= limit and max(most, at_once) <= MOST_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]]))

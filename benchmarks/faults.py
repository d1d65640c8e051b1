"""Push and pull through a network that lies: what is doubled and lost, ours and by the loop that anybody writes with the SDK.

``make faults`` runs it and writes ``faults.md``. Each seed is a script of faults (``tests/faults/faultscript.py``) that both sides meet
on the same server, each in a project of its own. The naive side creates or finds its project, imports what it has not yet marked as sent, and
keeps what ``tasks.list`` gives; like ours it is called again until it succeeds. ``python benchmarks/faults.py COUNT`` runs other numbers
of seeds and writes nothing.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "faults"))

from faultrun import TIMEOUT, TRIES, Desk, NotEqual, Run, Said, canonical, in_small, live_of, opened_desk  # noqa: E402
from faultscript import Script  # noqa: E402

from copydesk.errors import CopydeskError  # noqa: E402
from copydesk.studio.codec import shown_text  # noqa: E402
from copydesk.studio.interface import to_config  # noqa: E402

SEEDS, BATCH = 24, 2
HEAD = """# A network that lies

Push, annotate and pull of six documents through a proxy that cuts, delays, doubles and shortens what it passes on, answers 502 and 504
after the server has done what it was asked, and kills the server; `make faults` makes this page. *Naive* is the loop that anybody writes
with label-studio-sdk: find or create the project, `import_tasks` in batches, `tasks.list`; each side is called again until it succeeds.
*Lost* are annotations that are on the server in the end, and that the last pull, which nothing disturbed, did not bring.

| side | runs | faults met | tasks doubled | documents without a task | annotations lost | runs that ended right |
|---|---|---|---|---|---|---|
"""


@dataclass(slots=True)
class Tally:
    """What went wrong on one side."""

    runs: int = 0
    met: int = 0
    doubled: int = 0
    missing: int = 0
    lost: int = 0
    right: int = 0

    def row(self, side: str) -> str:
        cells = (side, self.runs, self.met, self.doubled, self.missing, self.lost, self.right)
        return f"| {' | '.join(map(str, cells))} |"


@dataclass(slots=True)
class Counted(Run):
    """A run that counts what its last pull did not bring, and goes on."""

    lost: int = 0

    def _look(self, *, whole: bool) -> None:
        pass

    def _compare(self) -> None:
        tasks, users = self.on_server()
        self.lost = (live_of(tasks, users) - self.held()).total()


@dataclass(slots=True)
class Naive(Counted):
    """What anybody writes with the SDK."""

    sent: set[str] = field(default_factory=set)
    got: Counter[Said] = field(default_factory=Counter)

    def push(self) -> None:
        self._until_it_works(self._push)

    def pull(self) -> None:
        self._until_it_works(self._pull)
        self._compare()

    def held(self) -> Counter[Said]:
        return self.got

    def _settle(self) -> None:
        self.push()
        self.pull()

    def _until_it_works(self, command: Callable[[Any], None]) -> None:
        url = self.workspace.settings.studio.url
        for _ in range(TRIES):
            client = LabelStudio(
                base_url=url, api_key=self.desk.server.token, timeout=self.workspace.settings.studio.timeout
            )
            try:
                command(client)
            except (ApiError, httpx.HTTPError, ValueError, TypeError, AttributeError) as error:
                self.failed[type(error).__name__] += 1
                self.desk.up()
            else:
                return
        raise NotEqual(f"{command.__name__} did not succeed in {TRIES} tries")

    def _project(self, client: Any) -> int:
        found = [one.id for one in client.projects.list(title=self.title) if one.title == self.title]
        if found:
            return int(found[0])
        return int(client.projects.create(title=self.title, label_config=to_config(self.workspace.schema())).id)

    def _push(self, client: Any) -> None:
        project = self._project(client)
        rows = self.workspace.documents.read("documents").to_pylist()
        tasks = [
            {
                "doc_id": row["doc_id"],
                "text_sha256": row["text_sha256"],
                "text": shown_text(row["text"]),
                "title": "",
                "review_note": "",
            }
            for row in rows
            if row["doc_id"] not in self.sent
        ]
        for at in range(0, len(tasks), BATCH):
            batch = tasks[at : at + BATCH]
            client.projects.import_tasks(id=project, request=[{"data": one} for one in batch])
            self.sent |= {one["doc_id"] for one in batch}

    def _pull(self, client: Any) -> None:
        tasks = [task.dict() for task in client.tasks.list(project=self._project(client))]
        users = {user.id: user.email for user in client.users.list()}
        self.got = Counter(
            (task["data"]["doc_id"], users[one["completed_by"]], one["was_cancelled"], canonical(one["result"]))
            for task in tasks
            for one in task["annotations"] or ()
        )


def tried(kind: type[Counted], desk: Desk, seed: int, tally: Tally) -> None:
    """Do one run of one side, and count what went wrong in it."""
    run = kind(desk, Script.of(seed), desk.folder / f"{kind.__name__}{seed}")
    ended = True
    try:
        run.go()
    except (NotEqual, CopydeskError, httpx.HTTPError) as error:
        print(f"{kind.__name__}, seed {seed}: {error}")
        ended = False
        desk.up()
    tasks, users = run.on_server()
    there = Counter(task["data"]["text_sha256"] for task in tasks)
    documents = set(run.workspace.documents.read("documents")["text_sha256"].to_pylist())
    doubled, missing = sum(times - 1 for times in there.values()), len(documents - set(there))
    tally.runs, tally.met = tally.runs + 1, tally.met + len(run.met)
    tally.doubled, tally.missing, tally.lost = tally.doubled + doubled, tally.missing + missing, tally.lost + run.lost
    tally.right += ended and not (doubled or missing or run.lost) and live_of(tasks, users) == run.held()
    shutil.rmtree(run.root)


def main(counts: list[int]) -> int:
    """Do every run on both sides, and print the table; ours must lose and double nothing."""
    sides = {"ours": (Counted, Tally()), "naive": (Naive, Tally())}
    with opened_desk() as desk, in_small(desk):
        for seed in range(counts[0] if counts else SEEDS):
            for kind, tally in sides.values():
                tried(kind, desk, seed, tally)
            print(
                json.dumps({"seed": seed, **{side: tally.row(side) for side, (_, tally) in sides.items()}}), flush=True
            )
    rows = "\n".join(tally.row(side) for side, (_, tally) in sides.items())
    print(rows)
    if not counts:
        told = f"\nSeeds 0 to {SEEDS - 1}; both sides gave a request up after {TIMEOUT} s.\n"
        (HERE / "faults.md").write_text(HEAD + rows + "\n" + told, encoding="utf-8")
    return 0 if sides["ours"][1].right == sides["ours"][1].runs else 1


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]]))

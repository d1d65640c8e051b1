"""One run of push, annotate and pull through a proxy that lies, and whether the workspace is then equal to the server.

A run is a ``Script``, which its seed alone decides. As a program it repeats runs by their seeds and prints a line of each:
``python tests/faults/faultrun.py 17 40-49``.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from faultproxy import Asked, Fault, Proxy
from faultscript import Script

from copydesk.errors import CopydeskError
from copydesk.flow import ingest, studio
from copydesk.model.marker import MARKER
from copydesk.studio import client, people, sending, server
from copydesk.studio.changes import current_state
from copydesk.studio.client import Studio
from copydesk.workspace import Workspace

MEMORY = Path("/dev/shm")  # waiting for a disk would be most of the time
TOKEN = "COPYDESK_STUDIO_TOKEN"
TIMEOUT = 1  # seconds, the least that the settings take: what the proxy holds back for longer is given up
TRIES = 40  # of one command, by a user who wants it done
ANNOTATORS = ("anna", "ben")
ARTICLE = """Bridge {number} opens again

The harbour guild of Tarnmouth said on Friday that {number}0 boats had passed bridge {number}, and Noor Adél of Qaim was there.
"""
MORE = 4  # articles beyond this one come to the workspace in the middle of the run
ARTICLES = 6


@dataclass(slots=True)
class Desk:
    """What all runs share: a Label Studio that may be killed, and a workspace that is copied for each run."""

    folder: Path
    server: server.Server
    template: Path
    tokens: tuple[str, ...]
    back: threading.Thread | None = None
    runs: int = 0

    def kill(self) -> None:
        """Kill the server, and have it start again on its port."""
        self.up()
        os.killpg(self.server.pid, signal.SIGKILL)
        self.back = threading.Thread(target=self._start)
        self.back.start()

    def up(self) -> None:
        """Wait until the server is up."""
        if self.back is not None:
            self.back.join()
            self.back = None

    def _start(self) -> None:
        self.server = server.start(self.folder / "studio", say=lambda _: None, port=self.server.port)


@contextlib.contextmanager
def opened_desk() -> Iterator[Desk]:
    """Start a Label Studio with two annotators, and lay out the workspace that runs begin with."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        folder = Path(name)
        running = server.start(folder / "studio", say=print)
        desk = Desk(folder, running, folder / "template", ())
        try:
            workspace = Workspace.create(desk.template)
            (desk.template / "seeds" / "004_sarn-pass.txt").unlink()
            for number in range(MORE):
                _write(workspace, number)
            ingest.ingest(with_settings(workspace), (), progress=quiet)
            with Studio(running.url, running.token) as owner:
                made = people.add_people(owner, ANNOTATORS, file=workspace.people_file)
            desk.tokens = tuple(person.token for person in made)
            yield desk
        finally:
            desk.up()
            server.stop(folder / "studio")


def _write(workspace: Workspace, number: int) -> None:
    (workspace.root / "seeds" / f"a{number}.txt").write_text(ARTICLE.format(number=number), encoding="utf-8")


def with_settings(workspace: Workspace, *, title: str = "", url: str = "", timeout: int = TIMEOUT) -> Workspace:
    """Set what a run needs: work in this very process, and no article taken for a copy of another."""
    settings = workspace.root / MARKER
    lines = settings.read_text(encoding="utf-8").partition("[studio]")[0]
    lines += f'[studio]\nurl = "{url}"\nproject = "{title}"\ntimeout = {timeout}\nsend_copies = true\n'
    settings.write_text(lines + '[engine]\nname = "inline"\n', encoding="utf-8")
    return Workspace.open(workspace.root)


def quiet(*_: object) -> None:
    pass


Said = tuple[str, str, bool, str]  # an annotation: of which document, by whom, whether it is a skip, and its result


class NotEqual(AssertionError):
    """The workspace and the server are not what they should be."""


@dataclass(slots=True)
class Run:
    """One run: what it has met, and what it does with the commands ``push`` and ``pull`` of whoever is tried."""

    desk: Desk
    script: Script
    root: Path
    workspace: Any = None
    proxy: Any = None
    dice: random.Random = field(default_factory=random.Random)
    met: list[str] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    title: str = ""
    _asked: int = 0
    _left: list[Fault] = field(default_factory=list)

    def go(self) -> None:
        """Do the whole script; raises NotEqual where something was lost, doubled or misplaced."""
        shutil.copytree(self.desk.template, self.root)
        self._left = list(self.script.faults)
        self.dice.seed(self.script.seed)
        self.desk.runs += 1
        self.title = f"run {self.desk.runs} of seed {self.script.seed}"
        with Proxy(self.desk.server.port, self.choose, kill=self.desk.kill) as self.proxy:
            self._settings(self.proxy.url, TIMEOUT)
            for step in self.script.steps:
                getattr(self, step)()
            self._left = []
            self.proxy.drain()
        self.desk.up()
        self._settings(self.desk.server.url, 60)
        self._settle()

    def _settings(self, url: str, timeout: int) -> None:
        self.workspace = with_settings(Workspace.open(self.root), title=self.title, url=url, timeout=timeout)

    def choose(self, asked: Asked) -> Fault | None:
        if self.script.writes and (asked.method == "GET" or asked.path.endswith("/validate/")):
            return None
        self._asked += 1
        if not self._left or self._asked % self.script.every:
            return None
        fault = self._left.pop(0)
        self.met.append(f"{fault.kind} {asked.method} {asked.path.partition('?')[0]}")
        return fault

    def push(self) -> None:
        self._until_done(studio.push)
        self._look(whole=False)

    def pull(self) -> None:
        self._until_done(studio.pull)
        self._compare()

    def more(self) -> None:
        for number in range(MORE, ARTICLES):
            _write(self.workspace, number)
        ingest.ingest(self.workspace, (), progress=quiet)

    def _until_done(self, command: Callable[..., Any]) -> Any:
        """Run a command again and again, as a user does whom it told that the server failed."""
        for _ in range(TRIES):
            try:
                return command(self.workspace, progress=quiet)
            except CopydeskError as error:
                if error.exit_code != 3:
                    raise
                self.failed[error.code] += 1
                self.desk.up()
        raise NotEqual(f"{command.__name__} did not succeed in {TRIES} tries: {self.failed}")

    def annotate(self) -> None:
        """Let the annotators do something directly on the server: mark, mark anew, delete, skip."""
        self.desk.up()
        with self._direct() as http:
            tasks = self.tasks(http)
            for _ in range(2):
                task = self.dice.choice(tasks)
                whose = {"Authorization": f"Token {self.dice.choice(self.desk.tokens)}"}
                known = task["annotations"]
                deed = self.dice.choice(["mark", "mark", "mark", "skip", "edit", "delete"]) if known else "mark"
                body = {"result": _marked(self.dice, task), "ground_truth": False, "was_cancelled": deed == "skip"}
                if deed in {"mark", "skip"}:
                    done = http.post(f"api/tasks/{task['id']}/annotations/", json=body, headers=whose)
                elif deed == "edit":
                    done = http.patch(f"api/annotations/{self.dice.choice(known)['id']}/", json=body, headers=whose)
                else:
                    done = http.delete(f"api/annotations/{known.pop()['id']}/", headers=whose)
                done.raise_for_status()

    @contextlib.contextmanager
    def _direct(self) -> Iterator[httpx.Client]:
        headers = {"Authorization": f"Token {self.desk.server.token}"}
        with httpx.Client(base_url=self.desk.server.url, headers=headers, timeout=60) as http:
            yield http

    def tasks(self, http: httpx.Client) -> list[dict[str, Any]]:
        """Give every task of the run's projects with all annotations, as the server exports them."""
        found = http.get("api/projects/", params={"title": self.title, "page_size": 100}).json()["results"]
        whole = {"exportType": "JSON", "download_all_tasks": "true"}
        exported = [
            http.get(f"api/projects/{one['id']}/export", params=whole).json()
            for one in found
            if one["title"] == self.title
        ]
        return [task for tasks in exported for task in sorted(tasks, key=lambda task: int(task["id"]))]

    def _settle(self) -> None:
        """Push and pull once more, now that nothing is in the way; then all must be there, and once."""
        pushed = studio.push(self.workspace, progress=quiet)
        if pushed.counts["pushed"]:
            raise NotEqual(f"a push that said that it was done had left out {pushed.counts['pushed']} tasks")
        studio.pull(self.workspace, progress=quiet)
        self._look(whole=True)
        self._compare()

    def _look(self, *, whole: bool) -> None:
        """See that every document is on the server; with ``whole`` also that none is there twice."""
        with self._direct() as http:
            there = Counter(task["data"]["text_sha256"] for task in self.tasks(http))
        documents = Counter(self.workspace.documents.read("documents")["text_sha256"].to_pylist())
        if set(there) != set(documents) or (whole and there != documents):
            raise NotEqual(f"documents {sorted(documents.items())} are on the server as {sorted(there.items())}")

    def _compare(self) -> None:
        """See that the pull log has every annotation of the server as it is, that its labels are theirs, and nothing else."""
        tasks, users = self.on_server()
        self._compare_log(tasks, users)
        self._compare_labels(tasks, users)

    def on_server(self) -> tuple[list[dict[str, Any]], dict[int, str]]:
        """Give every task with its annotations, and the e-mail address of each user."""
        with self._direct() as http:
            users = {user["id"]: user["email"] for user in http.get("api/users/").json()}
            return self.tasks(http), users

    def _compare_log(self, tasks: list[dict[str, Any]], users: dict[int, str]) -> None:
        held, live = self.held(), live_of(tasks, users)
        if held != live:
            raise NotEqual(f"the log has {held - live} too many, and lacks {live - held}")

    def held(self) -> Counter[Said]:
        """Give the live annotations of the pull log."""
        names = {person.pseudonym: person.email for person in people.read_people(self.workspace.people_file)}
        return Counter(
            (row["doc_id"], names[row["annotator"]], row["cancelled"], canonical(json.loads(row["result"])))
            for row in current_state(self.workspace.pulls).to_pylist()
            if row["state"] == "live"
        )

    def _compare_labels(self, tasks: list[dict[str, Any]], users: dict[int, str]) -> None:
        names = {person.email: person.pseudonym for person in people.read_people(self.workspace.people_file)}
        newest: dict[tuple[str, str], tuple[str, int, Any]] = {}
        for task in tasks:
            for one in task["annotations"]:
                whose = (task["data"]["doc_id"], names[users[_user(one)]])
                if not one["was_cancelled"]:
                    newest[whose] = max(newest.get(whose, ("", 0, None)), (one["updated_at"], one["id"], one["result"]))
        meant = sorted(
            (*whose, region["value"]["start"], region["value"]["end"], region["value"]["labels"][0])
            for whose, (_, _, result) in newest.items()
            for region in result
        )
        spans = self.workspace.labels.read("spans").to_pylist()
        had = sorted((one["doc_id"], one["annotator"], one["start"], one["end"], one["label"]) for one in spans)
        if had != meant:
            raise NotEqual(f"labels {set(had) - set(meant)} are too many, and {set(meant) - set(had)} are missing")


def live_of(tasks: list[dict[str, Any]], users: dict[int, str]) -> Counter[Said]:
    """Give all annotations of tasks."""
    return Counter(
        (task["data"]["doc_id"], users[_user(one)], one["was_cancelled"], canonical(one["result"]))
        for task in tasks
        for one in task["annotations"]
    )


def _user(annotation: dict[str, Any]) -> int:
    value = annotation["completed_by"]
    return int(value["id"] if isinstance(value, dict) else value)


def canonical(result: Any) -> str:
    return json.dumps(result, sort_keys=True)


def _marked(dice: random.Random, task: dict[str, Any]) -> list[dict[str, Any]]:
    """Mark one to three different words."""
    text = task["data"]["text"]
    words = [at for at in range(1, len(text)) if text[at - 1] == " " and text[at].isalpha()]
    return [
        region(start, start + 2, text, dice.choice(["GPE", "PERSON"]))
        for start in dice.sample(words, dice.randint(1, 3))
    ]


def region(start: int, end: int, text: str, label: str) -> dict[str, Any]:
    """Make what the editor makes of a marked stretch of the text that it shows."""
    value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
    about = {"from_name": "entity", "to_name": "text", "type": "labels", "origin": "manual"}
    return {"id": f"r{start}", **about, "value": value}


@contextlib.contextmanager
def in_small(desk: Desk) -> Iterator[None]:
    """Send few tasks at once, and wait little before something is tried again."""
    before = sending.BATCH_TASKS, client._PAUSES, os.environ.get(TOKEN)
    sending.BATCH_TASKS, client._PAUSES, os.environ[TOKEN] = 2, (0.02, 0.05, 0.1), desk.server.token
    yield
    sending.BATCH_TASKS, client._PAUSES = before[:2]
    os.environ.pop(TOKEN)
    if before[2] is not None:
        os.environ[TOKEN] = before[2]


def done(desk: Desk, seed: int) -> dict[str, Any]:
    """Do the run of a seed, and tell how it went; ``fault`` is empty where it went well."""
    script = Script.of(seed)
    run = Run(desk, script, desk.folder / f"run{seed}")
    fault, began = "", time.monotonic()
    try:
        run.go()
    except (NotEqual, CopydeskError, httpx.HTTPError, KeyError, TypeError) as error:
        fault = f"{script}\n{run.met}\n{''.join(traceback.format_exception(error))}"
        desk.up()
    finally:
        shutil.rmtree(run.root, ignore_errors=True)
    took = round(time.monotonic() - began, 1)
    return {"seed": seed, "met": run.met, "failed": dict(run.failed), "seconds": took, "fault": fault}


def main() -> None:
    """Do the runs of the seeds that are named, and print a line of each."""
    seeds: list[int] = []
    for argument in sys.argv[1:]:
        first, _, last = argument.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    with opened_desk() as desk, in_small(desk):
        for seed in seeds:
            line = done(desk, seed)
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()

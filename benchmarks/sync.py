"""Push and pull of 2,000 tasks with 20 spans each, against the floor: the same requests, sent by bare httpx.

Both sides work on the same server in turn, each push into a project of its own, so that a server that slows down slows both.
What the floor sends was recorded from our own run; it makes nothing, checks nothing and keeps nothing. In every other round of
pulls the floor goes first: a single round is a tenth off either way, since the server is, and who goes second meets it warmer.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
from ratio import Ratio

from copydesk.model.document import doc_id_of, text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_rows
from copydesk.store import Log
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.studio.codec import to_result
from copydesk.studio.interface import instructions, to_config
from copydesk.studio.projects import ProjectSpec
from copydesk.studio.pull import pull
from copydesk.studio.push import push
from copydesk.studio.suggested import Suggested
from copydesk.workspace import Workspace

TASKS, SPANS = 2_000, 20
PUSH_ROUNDS, PULL_ROUNDS = 7, 12
PUSH_TARGET, PULL_TARGET, QUIET_TARGET = 0.9, 0.9, 1 / 20
SENTENCE = "Forces near Qaim said on Friday that 40 people had left Mosul for the border with Syria. "


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it went over the wire."""

    method: str
    url: str
    content: bytes


def run(checkout: Path) -> Iterator[Ratio]:
    """Start a server, run both sides in turn, and give the ratios."""
    schema = Workspace.find(checkout).schema()
    tasks, suggestions = made()
    with tempfile.TemporaryDirectory() as folder:
        running = server.start(Path(folder) / "studio", say=print)
        try:
            with Studio(running.url, running.token) as studio:
                yield pushing(studio, schema, tasks, suggestions)
                yield from pulling(studio, schema, tasks, suggestions, Path(folder))
        finally:
            server.stop(Path(folder) / "studio")


def made() -> tuple[pa.Table, pa.Table]:
    """Make the tasks (4.4 kB of text each) and the spans in them, as suggestions."""
    tasks, spans = [], []
    for number in range(TASKS):
        text = f"Report {number}\n\n" + SENTENCE * 49
        doc_id = doc_id_of(f"benchmark/{number}.txt")
        tasks.append({"doc_id": doc_id, "revision": 1, "text_sha256": text_sha256(text), "title": None, "text": text})
        at = 0
        for _ in range(SPANS):
            at = text.index("Qaim", at + 1)
            spans.append(
                {
                    "doc_id": doc_id,
                    "start": at,
                    "end": at + 4,
                    "surface": "Qaim",
                    "label": "GPE",
                    "rule": "names",
                    "score": 1.0,
                    "by": [],
                }
            )
    return from_rows("tasks", tasks), from_rows("suggestions", spans)


def pushing(studio: Studio, schema: LabelSchema, tasks: pa.Table, suggestions: pa.Table) -> Ratio:
    """Push, then send the recorded requests of that push into an empty project; the median of the rounds counts."""
    ratios = []
    for number in range(PUSH_ROUNDS):
        with recorded(studio) as requests:
            ours, report = timed(
                lambda n=number: _push(studio, schema, tasks, suggestions, title=f"benchmark push {n}")
            )
        floor, target = timed(lambda sent=requests, made=report.project_id: replay(studio, sent, made=made))
        held = studio.get(f"api/projects/{target}/")["task_number"]
        assert held == report.pushed == TASKS, (held, report.pushed)
        print(f"push: ours {ours:.2f} s, bare {floor:.2f} s")
        ratios.append(floor / ours)
        for project in (report.project_id, target):
            studio.delete(f"api/projects/{project}/")
    return _ratio("push, throughput against bare httpx", ratios, PUSH_TARGET, at_least=True)


def pulling(
    studio: Studio, schema: LabelSchema, tasks: pa.Table, suggestions: pa.Table, folder: Path
) -> Iterator[Ratio]:
    """Pull a whole project, send the same requests bare, and pull again with nothing changed."""
    report = _push(studio, schema, tasks, suggestions.slice(0, 0), title="benchmark pull")
    project = studio.get(f"api/projects/{report.project_id}/")
    _annotate(studio, report.project_id, schema, suggestions)
    with recorded(studio) as requests:
        _pull(studio, project, Log(folder / "recorded"))
    sent = [one for one in requests if one.method == "GET"]
    ratios, quiet = [], []
    for number in range(PULL_ROUNDS):
        log = Log(folder / f"pulls{number}")
        sides = {"ours": lambda log=log: _pull(studio, project, log), "bare": lambda: replay(studio, sent)}
        order = ("ours", "bare") if number % 2 else ("bare", "ours")
        took = {side: timed(sides[side]) for side in order}
        (ours, done), (floor, _) = took["ours"], took["bare"]
        assert done.new == TASKS, done
        print(f"pull: ours {ours:.2f} s, bare {floor:.2f} s")
        ratios.append(floor / ours)
        nothing, again = timed(lambda log=log: _pull(studio, project, log))
        assert again.nothing_new, again
        quiet.append(nothing / ours)
    yield _ratio("pull, throughput against bare httpx", ratios, PULL_TARGET, at_least=True)
    yield _ratio("pull with nothing changed, cost against a whole pull", quiet, QUIET_TARGET, at_least=False)


def _push(studio: Studio, schema: LabelSchema, tasks: pa.Table, suggestions: pa.Table, *, title: str) -> Any:
    spec = ProjectSpec(title, title, to_config(schema), instructions(schema), 2)
    return push(studio, project=spec, tasks=tasks, suggested=Suggested(suggestions), progress=lambda *_: None)


def _pull(studio: Studio, project: Mapping[str, Any], log: Log) -> Any:
    people = {studio.whoami()["id"]: "A1"}
    return pull(studio, project=project, log=log, pseudonyms=lambda: people, progress=lambda *_: None)


def _annotate(studio: Studio, project_id: int, schema: LabelSchema, spans: pa.Table) -> None:
    """Give every task one annotation of 20 spans, by importing the tasks anew with their annotations."""
    listed = studio.get("api/tasks/", params={"project": project_id, "page_size": TASKS, "include": "id,data"})["tasks"]
    by_doc: dict[str, list[dict[str, object]]] = {}
    for row in spans.to_pylist():
        by_doc.setdefault(row["doc_id"], []).append({**row, "attributes": []})
    studio.delete(f"api/projects/{project_id}/tasks/")
    bodies = [
        {
            "data": task["data"],
            "annotations": [{"result": to_result(by_doc[task["data"]["doc_id"]], [], schema), "ground_truth": False}],
        }
        for task in listed
    ]
    for at in range(0, len(bodies), 500):
        studio.post(f"api/projects/{project_id}/import", json=bodies[at : at + 500])


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds that work takes, and what it gives."""
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


@contextmanager
def recorded(studio: Studio) -> Iterator[list[Request]]:
    """Record every request that goes out."""
    seen: list[Request] = []

    def note(request: httpx.Request) -> None:
        seen.append(Request(request.method, str(request.url), request.read()))

    hooks = studio._http.event_hooks
    studio._http.event_hooks = {"request": [note], "response": []}
    yield seen
    studio._http.event_hooks = hooks


def replay(studio: Studio, requests: list[Request], *, made: int = 0) -> int:
    """Send recorded requests with bare httpx, and parse what comes as JSON.

    ``made`` is the project that was made when they were recorded: what follows its making goes to the one made now, whose id
    is given back.
    """
    headers = {"Authorization": f"Token {studio._token}", "Content-Type": "application/json"}
    own = made
    with httpx.Client(headers=headers, timeout=300) as client:
        for one in requests:
            url = one.url.replace(f"/projects/{made}/", f"/projects/{own}/").replace(
                f"project={made}&", f"project={own}&"
            )
            response = client.request(one.method, url, content=one.content)
            response.raise_for_status()
            answer = json.loads(response.content or b"null")
            if one.method == "POST" and one.url.endswith("api/projects/"):
                own = answer["id"]
    return own


def _ratio(name: str, rounds: list[float], target: float, *, at_least: bool) -> Ratio:
    value = statistics.median(rounds)
    said = f"{'≥' if at_least else '≤'} {target:.2f}"
    return Ratio(name, value, said, value >= target if at_least else value <= target, tuple(rounds))

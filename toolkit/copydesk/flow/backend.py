"""Tasks that Label Studio asks about go in, what the workspace's suggesters say of them comes out, as long as the backend is served."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import pyarrow.compute as pc

from copydesk.errors import UnknownError
from copydesk.flow.connect import connected, known_projects
from copydesk.flow.current import located, zones_of
from copydesk.flow.sending import is_bare, keep_live
from copydesk.flow.suggest import suggested_for, suggestions
from copydesk.model.document import text_sha256
from copydesk.model.progress import Progress, Say
from copydesk.model.tables import DOCUMENTS, from_rows
from copydesk.model.windows import Place
from copydesk.serving import address, serving
from copydesk.store import locked, read_secrets, write_json
from copydesk.studio.backend import Login, application
from copydesk.studio.backend_project import registered
from copydesk.studio.earlier import Earlier
from copydesk.studio.interface import TEXT
from copydesk.studio.projects import MODEL_VERSION
from copydesk.studio.suggested import Suggested
from copydesk.studio.windows import WHOLE, place_of, within
from copydesk.suggestions import suggested_times
from copydesk.workspace import Workspace

_USER = "copydesk"
_NOTHING: Mapping[str, Any] = {"result": [], "score": 0.0, "model_version": MODEL_VERSION}


@contextmanager
def backend(
    workspace: Workspace, *, host: str, port: int, url: str, say: Say, progress: Progress
) -> Iterator[tuple[str, Sequence[str]]]:
    """Serve live suggestions and have the workspace's projects on Label Studio ask for them; gives the address and the projects'.

    ``url`` is where Label Studio reaches it, by default where it listens. Suggesters learn at the start what there is to learn. In
    the end the projects ask no longer, and go on with what was sent. Raises UnknownError where nothing was pushed yet, SystemFault
    where it cannot be listened, StudioError where it cannot be reached at the address, and what ``connected`` raises.
    """
    schema, login = workspace.schema(), _login(workspace)
    with connected(workspace) as studio:
        projects = known_projects(workspace, studio, schema)
        live = Live(workspace, say=say, progress=progress)
        with serving(application(live, login=login, say=say), host=host, port=port) as taken:
            at = url or address(host, taken)
            ids = [int(one["id"]) for one in projects]
            with registered(studio, ids, url=at, login=login, say=say):
                yield at, [f"{studio.url.rstrip('/')}/projects/{one}/data" for one in ids]


def _login(workspace: Workspace) -> Login:
    """Give what Label Studio logs in with at the backend; made at the first start, and kept where only its owner reads it."""
    file = workspace.state / "backend.json"
    known = read_secrets(file, keys=("user", "password"))
    if not known:
        known = {"user": _USER, "password": secrets.token_urlsafe(24)}
        write_json(file, known, mode=0o600)
    return Login(known["user"], known["password"])


@dataclass(frozen=True, slots=True)
class _Asked:
    """A task's document as suggesters take it, its zones, and which part of its text the task shows."""

    document: Mapping[str, Any]
    zones: Sequence[Mapping[str, Any]]
    place: Place


class Live:
    """What the suggesters that the settings name say of tasks, put together as for a push."""

    def __init__(self, workspace: Workspace, *, say: Say, progress: Progress) -> None:
        self._workspace = workspace
        self._say = say
        self._told: set[str] = set()
        with locked(workspace.lock):
            self._used = suggestions(workspace, progress=progress).used
        self._found([])  # makes them ready: what they learned may be replaced while this runs

    def __call__(self, tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Give a prediction for each task; its score is the mean of its suggestions', 0 where there is none.

        A document of the workspace is looked at as it stands there, with its zones and date, any other text as it is. Nothing is
        suggested for a document that is sent bare, nor where there is no text.
        """
        asked = [self._asked(task) for task in tasks]
        found = self._found([one for one in asked if one])
        results = Earlier(self._workspace.schema()).results(found)
        scores: dict[str, list[float]] = {}
        for doc_id, score in zip(found.spans["doc_id"].to_pylist(), found.spans["score"].to_pylist(), strict=True):
            scores.setdefault(doc_id, []).append(score)
        return [_prediction(one, results, scores) if one else dict(_NOTHING) for one in asked]

    def _found(self, asked: Sequence[_Asked]) -> Suggested:
        each = {one.document["doc_id"]: one for one in asked}.values()  # several tasks may show parts of one
        documents = from_rows("documents", [one.document for one in each])
        zones = from_rows("zones", [zone for one in each for zone in one.zones])
        found = suggested_for(documents, zones, workspace=self._workspace, used=self._used)
        for note in set(found.notes) - self._told:  # most are the same each time
            self._say(note)
        self._told.update(found.notes)
        known = documents.filter(pc.not_equal(documents["text_sha256"], ""))
        if known.num_rows:
            keep_live(self._workspace, known, found)
        values = suggested_times(found.spans, documents=documents, schema=self._workspace.schema())
        return Suggested(found.spans, found.relations, found.categories, values)

    def _asked(self, task: Mapping[str, Any]) -> _Asked | None:
        data = task["data"]
        text, doc_id = data.get(TEXT), str(data.get("doc_id") or "")
        if not isinstance(text, str) or not text.strip():
            self._say(f"task {task.get('id')} has no text, and gets no suggestions")
            return None
        if doc_id and is_bare(self._workspace, doc_id):
            return None
        return self._known(doc_id, data) or _unknown(f"task {task.get('id')} {text_sha256(text)}", text)

    def _known(self, doc_id: str, data: Mapping[str, Any]) -> _Asked | None:
        """Give a document of the workspace, where it has the text that the task was made of."""
        try:
            part, row = located(self._workspace, doc_id)
        except UnknownError:
            return None
        if (row["doc_id"], row["text_sha256"]) != (doc_id, data.get("text_sha256")):
            return None
        return _Asked(row, zones_of(self._workspace, part, row), place_of(data))


def _unknown(name: str, text: str) -> _Asked:
    given = {"doc_id": name, "revision": 1, "text_sha256": "", "source": "", "raw_sha256": "", "recipe": "", TEXT: text}
    return _Asked({**dict.fromkeys(DOCUMENTS.names), **given}, (), WHOLE)


def _prediction(
    one: _Asked, results: Mapping[str, Sequence[Mapping[str, Any]]], scores: Mapping[str, Sequence[float]]
) -> dict[str, Any]:
    doc_id = one.document["doc_id"]
    result = results.get(doc_id, ())
    shown = list(result) if one.place == WHOLE else within(result, one.place)
    return {**_NOTHING, "result": shown, "score": fmean(scores.get(doc_id) or [0.0])}

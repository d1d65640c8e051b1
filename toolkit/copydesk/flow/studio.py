"""Documents to Label Studio and labels back, and the embedded server and its people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import StudioUnauthorized, StudioUnreachable, UnknownError
from copydesk.flow.current import current_documents, newest
from copydesk.flow.labels import read_labels
from copydesk.flow.report import Report
from copydesk.model.progress import Progress, Say
from copydesk.model.schema import LabelSchema
from copydesk.store import locked, read_secrets
from copydesk.studio import people, server
from copydesk.studio.client import Studio
from copydesk.studio.earlier import Earlier
from copydesk.studio.interface import instructions, to_config
from copydesk.studio.pull import PullReport
from copydesk.studio.pull import pull as pull_annotations
from copydesk.studio.pull import pull_whole as pull_all_annotations
from copydesk.studio.push import ProjectSpec, find_project
from copydesk.studio.push import push as push_tasks
from copydesk.studio.recorded import Recorded, read_recorded, submit
from copydesk.tasks import (
    CARRIED,
    Left,
    build_tasks,
    read_names,
    suggest,
    unchanged_since,
    with_carried,
    without_copies,
)
from copydesk.workspace import Workspace

TOKEN = "COPYDESK_STUDIO_TOKEN"


def start_studio(workspace: Workspace, *, say: Say) -> dict[str, str]:
    """Start the embedded Label Studio, or find it running; gives its address, user and where the password is."""
    with locked(workspace.lock):
        return _found(workspace, server.start(workspace.studio_folder, say=say))


def stop_studio(workspace: Workspace) -> bool:
    """Stop the embedded Label Studio; says whether it ran."""
    return server.stop(workspace.studio_folder)


def studio_status(workspace: Workspace) -> dict[str, str] | None:
    """Give the address, user and where the password is of the embedded Label Studio, if it runs."""
    found = server.status(workspace.studio_folder)
    return _found(workspace, found) if found else None


@contextmanager
def connected(workspace: Workspace) -> Iterator[Studio]:
    """Open a connection to the Label Studio that the settings name, or else to the embedded one.

    Raises StudioUnreachable where the embedded one does not run, StudioUnauthorized where there is no token.
    """
    settings = workspace.settings.studio
    if settings.url:
        url, token = settings.url, _token(workspace)
    else:
        running = server.status(workspace.studio_folder)
        if running is None:
            raise StudioUnreachable(
                "no Label Studio is running here", fix="copydesk studio start, or set [studio] url in copydesk.toml"
            )
        url, token = running.url, running.token
    with Studio(url, token, timeout=settings.timeout) as studio:
        yield studio


def push(workspace: Workspace, *, progress: Progress) -> Report:
    """Send the newest revision of every document that the server has not got, with suggestions.

    A revision that says nothing else than one that is there is not sent. Labels made on older texts are suggested in the new one.
    """
    schema = workspace.schema()
    with locked(workspace.lock), connected(workspace) as studio:
        documents = current_documents(workspace)
        tasks, left = _tasks(workspace, documents)
        read_labels(workspace)
        suggestions = _suggestions(workspace, documents, tasks, schema)
        done = push_tasks(
            studio,
            project=_project(workspace, schema),
            tasks=tasks,
            suggestions=suggestions,
            earlier=_earlier(workspace, schema),
            progress=progress,
        )
    counts = {
        "tasks": tasks.num_rows,
        "pushed": done.pushed,
        "there already": done.present,
        "superseded": done.superseded,
        "suggestions": suggestions.num_rows,
    }
    carried = suggestions["rule"].to_pylist().count(CARRIED)
    counts |= {"re-anchored": carried} if carried else {}
    counts |= {"unchanged for annotators": done.unchanged} if done.unchanged else {}
    url = f"{studio.url.rstrip('/')}/projects/{done.project_id}/data"
    lines: tuple[str, ...] = (f"project: {url}",)
    if left.copies.num_rows:
        counts["copies left out"] = left.copies.num_rows
    if done.doubled:
        counts["doubled"] = done.doubled
        lines += (
            f"doubled: {done.doubled} more tasks than documents, made by an import that was not this workspace's; labels of all "
            "are pulled, and each annotator's newest count (fix: in Label Studio, delete the ones that nobody annotated)",
        )
    return Report("push", counts, changed=done.created or done.pushed > 0, lines=lines, data={"project": url})


def _tasks(workspace: Workspace, documents: pa.Table) -> tuple[pa.Table, Left]:
    """Make the tasks; without those of copies, unless the settings say that annotators are to see them."""
    tasks = build_tasks(documents)
    copies = workspace.copies.read("copies")
    return without_copies(tasks, copies.slice(0, 0) if workspace.settings.studio.send_copies else copies)


def _suggestions(workspace: Workspace, documents: pa.Table, tasks: pa.Table, schema: LabelSchema) -> pa.Table:
    """Give what rules suggest, and of earlier annotators' labels on older texts where they stand now."""
    zones = newest(workspace.documents.read("zones"), documents)
    text, place = workspace.names()
    names = read_names(text, place=place, schema=schema)
    return with_carried(
        suggest(tasks, zones=zones, schema=schema, names=names),
        tasks=tasks,
        anchors=workspace.labels.read("anchors"),
        unread=workspace.labels.read("unread"),
    )


def _earlier(workspace: Workspace, schema: LabelSchema) -> Earlier:
    """Give what annotators did on older texts."""
    labels = {name: workspace.labels.read(name) for name in ("spans", "relations", "anchors")}
    unchanged = unchanged_since(
        workspace.documents.read("documents"), zones=workspace.documents.read("zones"), anchors=labels["anchors"]
    )
    return Earlier(schema=schema, unchanged=unchanged, spans=_carried(labels), relations=labels["relations"])


def _carried(labels: Mapping[str, pa.Table]) -> pa.Table:
    """Keep the spans that were carried over: what rules suggest is sent with nothing said of it."""
    carried = pc.unique(labels["anchors"]["annotation_id"])
    return labels["spans"].filter(pc.is_in(labels["spans"]["annotation_id"], carried))


def pull(workspace: Workspace, *, progress: Progress) -> Report:
    """Fetch what is new, changed or gone into the pull log, and read the labels from it."""
    return _pull(workspace, pull_annotations, progress=progress)


def pull_whole(workspace: Workspace, *, progress: Progress) -> Report:
    """Do what ``pull`` does, and look at every task whatever its time."""
    return _pull(workspace, pull_all_annotations, progress=progress)


def _pull(workspace: Workspace, fetch: Callable[..., PullReport], *, progress: Progress) -> Report:
    schema = workspace.schema()
    with locked(workspace.lock), connected(workspace) as studio:
        project = find_project(studio, _project(workspace, schema))
        if project is None:
            raise UnknownError(f"there is no project of this workspace on {studio.url}", fix="copydesk push")
        done = fetch(
            studio,
            project=project,
            log=workspace.pulls,
            pseudonyms=lambda: people.pseudonyms(studio.get("api/users/"), workspace.people_file),
            progress=progress,
        )
        labels = read_labels(workspace)
    counts = {"new": done.new, "changed": done.changed, "gone": done.gone, "unchanged": done.unchanged}
    lines = labels.lines
    if done.elsewhere:
        counts["elsewhere"] = done.elsewhere
        lines = (
            f"elsewhere: {done.elsewhere} annotations in the pull log are of another project or server; they are kept as they "
            "were pulled, and count",
            *lines,
        )
    counts |= labels.counts
    return Report("pull", counts, changed=not done.nothing_new, lines=lines, data=labels.data)


def add_people(workspace: Workspace, names: Sequence[str]) -> list[dict[str, str]]:
    """Make an account for each name that has none; gives everybody whom the workspace knows."""
    with locked(workspace.lock), connected(workspace) as studio:
        people.add_people(studio, names, file=workspace.people_file)
    return list_people(workspace)


def list_people(workspace: Workspace) -> list[dict[str, str]]:
    """Give the name, log-in name and pseudonym of everybody whom the workspace knows; no password."""
    return [
        {"name": person.name, "email": person.email, "pseudonym": person.pseudonym}
        for person in people.read_people(workspace.people_file)
    ]


def recorded(workspace: Workspace) -> list[Recorded]:
    """Read the recorded annotators of ``seeds/annotators``."""
    return [read_recorded(text, place=place) for text, place in workspace.annotators()]


def submit_recorded(workspace: Workspace, *, progress: Progress) -> Report:
    """Let the recorded annotators submit their work through their own accounts; what they submitted before stays as it is."""
    schema = workspace.schema()
    everybody = recorded(workspace)
    with locked(workspace.lock), connected(workspace) as studio:
        people.add_people(studio, [one.name for one in everybody], file=workspace.people_file)
        accounts = {person.name: person for person in people.read_people(workspace.people_file)}
        project = find_project(studio, _project(workspace, schema))
        if project is None:
            raise UnknownError(f"there is no project of this workspace on {studio.url}", fix="copydesk push")
        counts = {"submitted": 0, "there already": 0}
        for one in everybody:
            with Studio(studio.url, accounts[one.name].token, timeout=workspace.settings.studio.timeout) as own:
                done = submit(
                    own,
                    one,
                    project_id=project["id"],
                    documents=current_documents(workspace),
                    schema=schema,
                    progress=progress,
                )
            counts["submitted"] += done.submitted
            counts["there already"] += done.present
    return Report("annotate", {"annotators": len(everybody), **counts}, changed=counts["submitted"] > 0)


def _project(workspace: Workspace, schema: LabelSchema) -> ProjectSpec:
    settings = workspace.settings
    title = settings.studio.project or f"{settings.name}: {schema.name}"
    if settings.studio.project and not workspace.is_first:
        title = f"{settings.studio.project[: 48 - len(schema.name)]}: {schema.name}"
    return ProjectSpec(
        title=title[:50].ljust(3, "."),
        marker=f"copydesk {settings.name} {schema.name}",
        config=to_config(schema),
        instructions=instructions(schema),
        annotators_per_task=settings.studio.annotators_per_task,
    )


def _token(workspace: Workspace) -> str:
    file = workspace.state / "token.json"
    token = os.environ.get(TOKEN, "") or str(read_secrets(file).get("token", ""))
    if not token:
        raise StudioUnauthorized(
            f"no token for {workspace.settings.studio.url}",
            fix=f'set {TOKEN}, or write {{"token": "…"}} into {file} and chmod 600 it',
        )
    return token


def _found(workspace: Workspace, found: server.Server) -> dict[str, str]:
    where: Path = workspace.studio_folder / "credentials.json"
    return {"url": found.url, "user": found.email, "password_in": where.as_posix()}

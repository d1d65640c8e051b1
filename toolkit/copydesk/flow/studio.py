"""Documents to Label Studio and labels back, and the embedded server and its people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.sentences import sentences_of
from copydesk.flow.connect import connected, known_projects, project_spec
from copydesk.flow.current import current_documents, every_zone
from copydesk.flow.labels import read_labels
from copydesk.flow.overlap import asked_of
from copydesk.flow.report import Report
from copydesk.flow.rerank import update_predictions
from copydesk.flow.sample import only_chosen, order, sendable
from copydesk.flow.sending import take_live, to_send
from copydesk.model.progress import Progress, Say
from copydesk.model.schema import LabelSchema
from copydesk.store import locked
from copydesk.studio import people, server
from copydesk.studio.asking import ask_documents
from copydesk.studio.client import Studio
from copydesk.studio.database import Postgres
from copydesk.studio.drafts import Drafts
from copydesk.studio.earlier import Earlier
from copydesk.studio.lanes import set_lanes as lanes_of
from copydesk.studio.pull import PullReport
from copydesk.studio.pull import pull as pull_annotations
from copydesk.studio.pull import pull_whole as pull_all_annotations
from copydesk.studio.push import push as push_tasks
from copydesk.studio.recorded import Recorded, read_recorded, submit
from copydesk.studio.restored import originals_of
from copydesk.studio.several import count_all_drafts, pull_each
from copydesk.tasks import (
    CARRIED,
    Windows,
    cut_documents,
    long_documents,
    needing_sentences,
    unchanged_since,
)
from copydesk.workspace import Workspace


def start_studio(workspace: Workspace, *, say: Say) -> dict[str, str]:
    """Start the embedded Label Studio, or find it running; gives its address, user and where the password is."""
    address = workspace.settings.studio.database
    with locked(workspace.lock):
        database = Postgres.read(address) if address else None
        return _found(workspace, server.start(workspace.studio_folder, say=say, database=database))


def stop_studio(workspace: Workspace) -> bool:
    """Stop the embedded Label Studio; says whether it ran."""
    return server.stop(workspace.studio_folder)


def studio_status(workspace: Workspace) -> dict[str, str] | None:
    """Give the address, user and where the password is of the embedded Label Studio, if it runs."""
    found = server.status(workspace.studio_folder)
    return _found(workspace, found) if found else None


def push(workspace: Workspace, *, update: bool = False, progress: Progress) -> Report:
    """Send the newest revision of every document that the server has not got, with suggestions.

    A revision that says nothing else than one that is there is not sent. Labels made on older texts are suggested in the new one.
    With ``update``, and always where documents are chosen to be labelled, untouched tasks get the suggestions and the order of now.
    """
    schema = workspace.schema()
    with locked(workspace.lock), connected(workspace) as studio:
        documents = current_documents(workspace)
        tasks, left = sendable(workspace, documents)
        read_labels(workspace)
        tasks = only_chosen(workspace, tasks)
        suggested = to_send(workspace, documents, tasks, progress=progress)
        windows = _windows(workspace, tasks)
        earlier = _earlier(workspace, schema, windows)
        ordered = order(workspace, progress=progress) if workspace.settings.sample.size else None
        done = push_tasks(
            studio,
            project=replace(project_spec(workspace, schema), in_order=bool(ordered)),
            tasks=tasks,
            suggested=suggested,
            earlier=earlier,
            progress=progress,
        )
        updated = 0
        if update or ordered is not None:
            updated = update_predictions(
                studio,
                done.project_ids,
                tasks=tasks,
                suggested=suggested,
                earlier=earlier,
                order=ordered,
                progress=progress,
            )
        if workspace.settings.studio.overlap < 1:
            asked = asked_of(workspace, tasks["doc_id"].to_pylist())
            for project_id in done.project_ids:
                ask_documents(studio, project_id, asked, progress=progress)
    long = pc.count_distinct(windows.table["doc_id"]).as_py()
    counts = {
        "tasks": tasks.num_rows + windows.table.num_rows - long,
        "pushed": done.pushed,
        "there already": done.present,
        "superseded": done.superseded,
        "suggestions": suggested.spans.num_rows,
    }
    carried = suggested.spans["rule"].to_pylist().count(CARRIED)
    counts |= {"re-anchored": carried} if carried else {}
    counts |= {"updated": updated} if updated else {}
    counts |= {"unchanged for annotators": done.unchanged} if done.unchanged else {}
    urls = [f"{studio.url.rstrip('/')}/projects/{project_id}/data" for project_id in done.project_ids]
    lines: tuple[str, ...] = tuple(f"project: {url}" for url in urls)
    if long:
        counts["long documents"] = long
        lines += (
            f"long documents: {long} are sent in {windows.table.num_rows} parts, a task for each; what one person marks counts once "
            "they have done all parts of a document",
        )
    if left.copies.num_rows:
        counts["copies left out"] = left.copies.num_rows
    if done.removed:
        counts["doubles removed"] = done.removed
    if done.doubled:
        counts["doubled"] = done.doubled
        lines += (
            f"doubled: {done.doubled} more tasks than documents, each with work of somebody; labels of all are pulled, and each "
            "annotator's newest count (fix: none is needed)",
        )
    return Report(
        "push",
        counts,
        changed=done.created or done.pushed > 0 or done.removed > 0 or updated > 0,
        lines=lines,
        data={"project": urls[0], "projects": urls},
    )


def _windows(workspace: Workspace, tasks: pa.Table) -> Windows:
    """Cut the documents that are longer than the settings say."""
    most = workspace.settings.studio.window_chars
    documents = long_documents(workspace.documents.read("documents"), tasks, most=most)
    if not documents.num_rows:
        return Windows()
    zones = every_zone(workspace)
    sentences = sentences_of(needing_sentences(documents, most=most), zones)
    anchors = workspace.labels.read("anchors")
    return cut_documents(documents, zones=zones, sentences=sentences, anchors=anchors, most=most)


def _earlier(workspace: Workspace, schema: LabelSchema, windows: Windows) -> Earlier:
    """Give what annotators did on older texts."""
    labels = {name: workspace.labels.read(name) for name in ("spans", "relations", "anchors")}
    unchanged = unchanged_since(
        workspace.documents.read("documents"), zones=every_zone(workspace), anchors=labels["anchors"]
    )
    categories = workspace.labels.read("categories")
    return Earlier(
        schema=schema,
        unchanged=unchanged,
        windows=windows.table,
        same=windows.same,
        spans=_carried(labels),
        relations=labels["relations"],
        categories=categories.filter(pc.less(categories["made_on_revision"], categories["revision"])),
    )


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
    with locked(workspace.lock), connected(workspace) as studio:
        return pull_from(studio, workspace, fetch, progress=progress)


def pull_from(studio: Studio, workspace: Workspace, fetch: Callable[..., PullReport], *, progress: Progress) -> Report:
    """Do what ``pull`` does over a connection that is open; the caller holds the workspace's lock."""
    projects = known_projects(workspace, studio, workspace.schema())
    done = pull_each(
        fetch,
        studio,
        projects=projects,
        log=workspace.pulls,
        pseudonyms=lambda: people.pseudonyms(studio.get("api/users/"), workspace.people_file),
        progress=progress,
        originals=lambda project: originals_of(project, workspace.backups),
    )
    take_live(workspace)
    drafts = (
        count_all_drafts(studio, projects) if done.seen else Drafts(0, 0, 0)
    )  # a quiet pull is one request a project
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
    if drafts.tasks:
        counts["drafts"] = drafts.tasks
        changed = f", in at least {drafts.newer} of them on a submitted annotation" if drafts.newer else ""
        lines = (
            f"drafts: in {drafts.tasks} tasks somebody's work is not submitted{changed}, for example in task "
            f"{drafts.example}; pull fetches what is submitted (fix: ask the annotators to submit or update)",
            *lines,
        )
    counts |= labels.counts
    return Report("pull", counts, changed=not done.nothing_new, lines=lines, data=labels.data)


def add_people(workspace: Workspace, names: Sequence[str]) -> list[dict[str, str]]:
    """Make an account for each name that has none; gives everybody whom the workspace knows."""
    with locked(workspace.lock), connected(workspace) as studio:
        people.add_people(studio, names, file=workspace.people_file)
    return list_people(workspace)


def disable_people(workspace: Workspace, names: Sequence[str]) -> list[dict[str, str]]:
    """Take people out of the organisation; gives everybody whom the workspace knows."""
    with locked(workspace.lock), connected(workspace) as studio:
        people.disable_people(studio, names, file=workspace.people_file)
    return list_people(workspace)


def list_people(workspace: Workspace) -> list[dict[str, str]]:
    """Give the name, log-in name and pseudonym of everybody whom the workspace knows; no password."""
    return [
        {"name": person.name, "email": person.email, "pseudonym": person.pseudonym}
        | ({"disabled": "yes"} if person.disabled else {})
        for person in people.read_people(workspace.people_file)
    ]


def set_lanes(workspace: Workspace, names: Sequence[str]) -> Report:
    """Give each person (by name, address or pseudonym) a tab with their part of the tasks in each project.

    What a quota dealt out to one of them is in the tab of that person until that person has read it. Raises UnknownError for a
    person who is not there.
    """
    readers = workspace.settings.studio.annotators_per_task
    with locked(workspace.lock), connected(workspace) as studio:
        called = {people.called(workspace.people_file, name): name for name in names}
        owners = {doc_id: called[person] for doc_id, person in _dealt(workspace) if person in called}
        projects = known_projects(workspace, studio, workspace.schema())
        lanes = {
            str(one["title"]): lanes_of(studio, int(one["id"]), [*called.values()], readers=readers, owners=owners)
            for one in projects
        }
    lines = tuple(
        f"{title}: {name} has the tasks {' and '.join(f'{first} to {last}' for first, last in ranges) or 'of nobody'}"
        for title, own in lanes.items()
        for name, ranges in own.items()
    )
    return Report("lanes", {"people": len(called), "projects": len(projects)}, lines=lines, data={"lanes": lanes})


def _dealt(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Give the documents that quotas dealt out, each with the pseudonym of whose it is, where that person has not read it."""
    reads = workspace.labels.read("reads", columns=["doc_id", "annotator"])
    read = set(zip(reads["doc_id"].to_pylist(), reads["annotator"].to_pylist(), strict=True))
    samples = workspace.samples.read("samples", columns=["doc_id", "annotator"])
    for one in samples.filter(samples["annotator"].is_valid()).to_pylist():
        person = people.called(workspace.people_file, one["annotator"])
        if (one["doc_id"], person) not in read:
            yield one["doc_id"], person


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
        projects = known_projects(workspace, studio, schema)
        counts = {"submitted": 0, "there already": 0}
        for one in everybody:
            with studio.as_person(accounts[one.name].token) as own:
                done = submit(
                    own,
                    one,
                    project_ids=[int(project["id"]) for project in projects],
                    documents=current_documents(workspace),
                    schema=schema,
                    progress=progress,
                )
            counts["submitted"] += done.submitted
            counts["there already"] += done.present
    return Report("annotate", {"annotators": len(everybody), **counts}, changed=counts["submitted"] > 0)


def _found(workspace: Workspace, found: server.Server) -> dict[str, str]:
    where: Path = workspace.studio_folder / "credentials.json"
    return {"url": found.url, "user": found.email, "password_in": where.as_posix()}

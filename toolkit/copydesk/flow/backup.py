"""The whole project on Label Studio into the workspace's backup log, and from there into a project that is equal to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import DataError, UnknownError
from copydesk.flow.connect import connected, known_projects, project_spec
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.store import Part, locked
from copydesk.studio import people
from copydesk.studio.backup import backup as back_up_project
from copydesk.studio.backup import newest_of_all, number_of
from copydesk.studio.changes import current_state
from copydesk.studio.client import Studio
from copydesk.studio.restore import annotators, read_backup
from copydesk.studio.restore import restore as restore_project
from copydesk.studio.sharing import number_of as project_number
from copydesk.studio.sharing import numbered
from copydesk.workspace import Workspace

_SHOWN = 20


def backup(workspace: Workspace, *, progress: Progress) -> Report:
    """Keep the workspace's project as it is now: its settings, tasks, predictions, and annotations and drafts of everybody."""
    with locked(workspace.lock), connected(workspace) as studio:
        projects = known_projects(workspace, studio, workspace.schema())
        users = studio.get("api/users/")
        people.pseudonyms(users, workspace.people_file)  # written down while the server still tells e-mail addresses
        addresses = people.addresses(users, workspace.people_file)
        made = [
            back_up_project(
                studio, project=one, log=workspace.backups, addresses=addresses, progress=progress, together=projects
            )
            for one in projects
        ]
    names = [name for name in made[0].rows if name != "backup_projects"]
    counts = {name.removeprefix("backup_"): sum(done.rows[name] for done in made) for name in names}
    if len(made) > 1:
        counts["people"] = max(done.rows["backup_people"] for done in made)  # the same ones in each
    numbers = [done.number for done in made]
    return Report(
        "backup",
        counts,
        changed=any(done.written for done in made),
        lines=tuple(f"backup: {number}" for number in numbers),
        data={"backup": max(numbers)},
    )


def restore(workspace: Workspace, *, number: int, title: str, progress: Progress) -> Report:
    """Make the project of a backup on the server, under its own title or this one, and compare the two.

    With ``number`` 0 it is the newest backup, with the newest of each project that is one with it. Raises UnknownError where there
    is no such backup, or where somebody who annotated has no account and none can be made.
    """
    with locked(workspace.lock), connected(workspace) as studio:
        parts = _parts(workspace, number)
        done = []
        for place, part in enumerate(parts, 1):
            wanted = numbered(title, place) if title else str(part.receipt["title"])
            done.append(_restored(studio, workspace, part, title=wanted, progress=progress))
    if len(done) == 1:
        return done[0]
    counts = {name: sum(report.counts[name] for report in done) for name in done[0].counts}
    data = {**done[0].data, "differences": [one for report in done for one in report.data["differences"]]}
    lines = tuple(dict.fromkeys(line for report in done for line in report.lines))
    return Report("restore", counts, changed=any(report.changed for report in done), lines=lines, data=data)


def _restored(studio: Studio, workspace: Workspace, part: Part, *, title: str, progress: Progress) -> Report:
    tables = read_backup(part)
    _see_to_accounts(studio, workspace, tables)
    done = restore_project(
        studio,
        tables=tables,
        key=str(part.receipt["key"]),
        title=title,
        addresses=_addresses(studio, workspace),
        progress=progress,
    )
    url = f"{studio.url.rstrip('/')}/projects/{done.project_id}/data"
    lines = [f"project: {url}", *_notes(workspace, tables, title=title)]
    lines += [f"differs: {one}" for one in done.differences[:_SHOWN]]
    if len(done.differences) > _SHOWN:
        lines.append(f"… and {len(done.differences) - _SHOWN} more differences")
    counts = {
        "sent": done.sent,
        "there already": done.present,
        "annotations": done.annotations,
        "predictions": done.predictions,
        "differences": len(done.differences),
    }
    data = {"backup": number_of(part), "project": url, "differences": list(done.differences)}
    return Report("restore", counts, changed=done.created or done.sent > 0, lines=tuple(lines), data=data)


def difference_fault(report: Report) -> DataError | None:
    """Give the error where the restored project is not equal to its backup."""
    count = report.counts["differences"]
    if not count:
        return None
    return DataError(
        f"the restored project has {count} differences to the backup",
        fix="see what each of them says; what somebody changed there since counts, too",
    )


def _parts(workspace: Workspace, number: int) -> list[Part]:
    parts = workspace.backups.parts()
    if not parts:
        raise UnknownError("there is no backup in this workspace", fix="copydesk backup")
    found = [part for part in parts if number_of(part) == number] if number else newest_of_all(parts)
    if not found:
        there = ", ".join(str(number_of(part)) for part in parts)
        raise UnknownError(f"there is no backup {number}", fix=f"name one of these: {there}")
    return found


def _addresses(studio: Studio, workspace: Workspace) -> dict[int, str]:
    return people.addresses(studio.get("api/users/"), workspace.people_file)


def _see_to_accounts(studio: Studio, workspace: Workspace, tables: Mapping[str, pa.Table]) -> None:
    """Make the accounts that annotators of a backup had by us and are not there; before anything is restored."""
    counts = annotators(tables)
    absent = sorted({email for email in counts if email} - set(_addresses(studio, workspace).values()))
    for email in absent:
        if not email.endswith(f"@{people.DOMAIN}"):
            raise UnknownError(
                f"{email}, who made {counts[email]} annotations of the backup, has no account on {studio.url}",
                fix="have them sign up with the invitation link (Label Studio: Organization > Add people), and restore again",
            )
    names = {person.email: person.name for person in people.read_people(workspace.people_file)}
    if absent:
        own = [names.get(email, email.partition("@")[0]) for email in absent]
        people.add_people(studio, own, file=workspace.people_file)


def _notes(workspace: Workspace, tables: Mapping[str, pa.Table], *, title: str) -> list[str]:
    lines = [
        "times: Label Studio shows the time of the restore; pull takes when annotations were made and changed from the backup"
    ]
    drafts = tables["backup_drafts"].num_rows
    if drafts:
        lines.append(f"drafts: {drafts} that were not submitted are in the backup alone")
    later = _later(workspace, tables)
    if later:
        lines.append(
            f"later: {later} annotations were pulled that were made or changed after the backup; they stay in the pull log, and count "
            "before what was restored of the same person and document"
        )
    spec = project_spec(workspace, workspace.schema())
    if not project_number(title, spec.title):
        lines.append(f'pull and push look for the project {spec.title!r} (fix: set [studio] project = "{title}")')
    return lines


def _later(workspace: Workspace, tables: Mapping[str, pa.Table]) -> int:
    """Count the live annotations of the backed up project in the pull log that the backup has not, or not as they are."""
    state = current_state(workspace.pulls)
    (project,) = tables["backup_projects"]["project"].to_pylist()
    state = state.filter(pc.and_(pc.equal(state["project"], project), pc.equal(state["state"], "live")))
    batches = tables["backup_annotations"].select(["raw"]).to_batches(max_chunksize=500)
    raw = (json.loads(one["raw"]) for batch in batches for one in batch.to_pylist())
    backed_up = {(one["id"], datetime.fromisoformat(one["updated_at"])) for one in raw}
    pulled = zip(state["annotation_id"].to_pylist(), state["updated_at"].to_pylist(), strict=True)
    return sum((int(name.rpartition("-")[2]), when) not in backed_up for name, when in pulled)

"""Against a real Label Studio: a project is backed up and restored, whole or after a fault, and the two are equal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.errors import StoreError, UsageError
from copydesk.model.tables import TASKS, from_rows
from copydesk.store import Log
from copydesk.studio import sending
from copydesk.studio.backup import SETTINGS, BackupReport, backup
from copydesk.studio.client import Studio
from copydesk.studio.people import Person, add_people, addresses, disable_people, read_people
from copydesk.studio.projects import ProjectSpec
from copydesk.studio.push import push
from copydesk.studio.restore import RestoreReport, read_backup, restore
from copydesk.studio.suggested import Suggested

pytestmark = pytest.mark.studio

Documents = Callable[..., pa.Table]
EQUAL = {
    "backup_tasks": ("task_sha256", "doc_id"),
    "backup_annotations": ("task_sha256", "email", "content_sha256"),
    "backup_predictions": ("task_sha256", "content_sha256"),
}


def quiet(*_: object) -> None:
    pass


def region(start: int, end: int, label: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": "?", "labels": [label]}
    return {"id": f"r{start}-{end}", "from_name": "entity", "to_name": "text", "type": "labels", "value": value}


RELATED = [
    region(8, 9, "PERSON"),
    region(10, 14, "PERSON"),
    {"type": "relation", "from_id": "r10-14", "to_id": "r8-9", "direction": "right", "labels": ["same_as"]},
]


class Desk:
    """A project of thirty documents that two people annotated, and the log that it is backed up into."""

    def __init__(self, studio: Studio, title: str, people: list[Person], *, file: Path, log: Log) -> None:
        self.studio = studio
        self.title = title
        self.people = people
        self.file = file
        self.log = log
        self.project: dict[str, Any] = {}

    def annotate(self) -> None:
        listed = self.studio.get("api/tasks/", params={"project": self.project["id"], "page_size": 100})
        numbers = [task["id"] for task in listed["tasks"]]
        for person in self.people:
            with self.studio.as_person(person.token) as own:
                for place, number in enumerate(numbers[:8]):
                    body = {
                        "result": RELATED if place % 2 else [region(0, 4, "PLACE")],
                        "ground_truth": place == 3 and person is self.people[0],
                        "was_cancelled": place == 5,
                        "lead_time": 1.25 * place,
                    }
                    own.post(f"api/tasks/{number}/annotations/", json=body)
        self.studio.post(f"api/tasks/{numbers[0]}/drafts", json={"result": [], "lead_time": 1})
        self.studio.patch(f"api/tasks/{numbers[1]}/", json={"meta": {"desk": ["foreign", "😀"]}})

    def described(self, project_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.studio.get(f"api/projects/{project_id}/")
        return found

    def addresses(self) -> Mapping[int, str]:
        return addresses(self.studio.get("api/users/"), self.file)

    def backup(self, project_id: int, log: Log | None = None) -> BackupReport:
        given = {"project": self.described(project_id), "log": log or self.log, "addresses": self.addresses()}
        return backup(self.studio, **given, progress=quiet)

    def restore(self, studio: Studio | None = None, *, title: str = "", patience: float = 5.0) -> RestoreReport:
        part = self.log.parts()[-1]
        return restore(
            studio or self.studio,
            tables=read_backup(part),
            key=part.receipt["key"],
            title=title or f"{self.title} again",
            addresses=self.addresses(),
            progress=quiet,
            patience=patience,
        )


@pytest.fixture
def desk(studio: Studio, spec: ProjectSpec, tmp_path: Path, documents_of: Documents) -> Iterator[Desk]:
    file = tmp_path / "people.json"
    names = [f"{spec.title}-{number}" for number in (1, 2)]
    made = Desk(studio, spec.title, add_people(studio, names, file=file), file=file, log=Log(tmp_path / "backups"))
    documents = documents_of({f"doc-{number:02}": f"Text 😀 {number}: Noor lives in Aleppo." for number in range(30)})
    guess = {"start": 0, "end": 4, "surface": "Text", "label": "PLACE", "rule": "test/1", "score": 0.5, "by": []}
    guesses = [{**guess, "doc_id": f"doc-{number:02}"} for number in range(20)]
    suggestions = from_rows("suggestions", guesses)
    tasks = documents.select(TASKS.names).cast(TASKS)
    pushed = push(studio, project=spec, tasks=tasks, suggested=Suggested(suggestions), progress=quiet)
    made.project = made.described(pushed.project_id)
    made.annotate()
    yield made
    for one in studio.get("api/projects/", params={"title": spec.title, "page_size": 100})["results"]:
        studio.delete(f"api/projects/{one['id']}/")


def said(part_tables: Mapping[str, pa.Table]) -> dict[str, Counter[tuple[str, ...]]]:
    """What two backups of equal projects have in common: all but ids and times."""
    return {
        name: Counter(zip(*(part_tables[name][column].to_pylist() for column in columns), strict=True))
        for name, columns in EQUAL.items()
    }


def test_the_backup_of_a_restored_backup_is_the_backup_up_to_ids(desk: Desk, tmp_path: Path) -> None:
    first = desk.backup(desk.project["id"])
    assert (first.rows["backup_tasks"], first.rows["backup_annotations"], first.rows["backup_drafts"]) == (30, 16, 1)
    assert first.rows["backup_predictions"] == 20
    done = desk.restore()
    assert done.differences == ()
    assert (done.created, done.sent, done.present) == (True, 30, 0)
    again = Log(tmp_path / "again")
    desk.backup(done.project_id, again)
    before, after = (read_backup(log.parts()[-1]) for log in (desk.log, again))
    assert said(before) == said(after)
    settings = [json.loads(tables["backup_projects"]["raw"][0].as_py()) for tables in (before, after)]
    odd = {name for name in SETTINGS if settings[0].get(name) != settings[1].get(name)}
    assert odd == {"title", "description"}
    assert settings[1]["description"].startswith(settings[0]["description"])  # so that pull finds it


def test_what_is_restored_has_its_person_flags_and_lead_time(desk: Desk) -> None:
    desk.backup(desk.project["id"])
    done = desk.restore()
    tasks = [
        desk.studio.get("api/tasks/", params={"project": number, "fields": "all", "page_size": 100})["tasks"]
        for number in (desk.project["id"], done.project_id)
    ]
    names = ("completed_by", "was_cancelled", "ground_truth", "lead_time", "result")
    before, after = (
        {
            task["data"]["doc_id"]: sorted([str(one[name]) for name in names] for one in task["annotations"])
            for task in some
        }
        for some in tasks
    )
    assert before == after
    old, new = ([one for task in some for one in task["annotations"]] for some in tasks)
    assert sorted(one["id"] for one in old) == sorted(one["import_id"] for one in new)
    assert sum(one["ground_truth"] for one in new) == 1
    assert sum(one["was_cancelled"] for one in new) == 2


def test_nothing_changed_writes_nothing_and_a_change_writes_another(desk: Desk) -> None:
    assert desk.backup(desk.project["id"]).written
    digest = desk.log.digest
    second = desk.backup(desk.project["id"])
    assert (second.written, second.number) == (False, 1)
    assert desk.log.digest == digest
    desk.studio.patch(f"api/projects/{desk.project['id']}/", json={"expert_instruction": "Mark all."})
    assert desk.backup(desk.project["id"]).number == 2


def test_a_restore_that_was_cut_off_goes_on_and_doubles_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.backup(desk.project["id"])
    monkeypatch.setattr(sending, "BATCH_TASKS", 7)

    class Cut(Studio):
        imports = 0

        def post(self, path: str, *, params: Mapping[str, Any] | None = None, json: object = None) -> Any:
            self.imports += path.endswith("/import")
            if self.imports == 3:
                raise KeyboardInterrupt
            return super().post(path, params=params, json=json)

    with Cut(desk.studio.url, desk.people[0].token) as cut, pytest.raises(KeyboardInterrupt):
        desk.restore(cut)
    done = desk.restore()
    assert (done.created, done.sent, done.present) == (False, 16, 14)
    assert done.differences == ()
    third = desk.restore()
    assert (third.project_id, third.sent, third.differences) == (done.project_id, 0, ())


def test_an_import_whose_answer_got_lost_is_not_sent_again(desk: Desk) -> None:
    desk.backup(desk.project["id"])

    class Lossy(Studio):
        imports = 0

        def post(self, path: str, *, params: Mapping[str, Any] | None = None, json: object = None) -> Any:
            answer = super().post(path, params=params, json=json)
            self.imports += path.endswith("/import")
            return {} if path.endswith("/import") else answer

    with Lossy(desk.studio.url, desk.people[0].token) as lossy:
        done = desk.restore(lossy)
        assert lossy.imports == 1
    assert done.differences == ()


def test_tasks_that_are_the_same_are_restored_as_often_as_they_were(desk: Desk) -> None:
    data = {"text": "The same.", "title": "", "note": ""}
    twice = [{"data": data}, {"data": data}]
    desk.studio.post(f"api/projects/{desk.project['id']}/import", json=twice)
    desk.backup(desk.project["id"])
    assert desk.restore().sent == 32
    assert desk.restore().sent == 0


@pytest.mark.parametrize("file", ["backup_tasks", "backup_annotations", "backup_projects"])
def test_a_part_that_was_tampered_with_is_refused(desk: Desk, file: str) -> None:
    desk.backup(desk.project["id"])
    path = desk.log.parts()[-1].path / f"{file}.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    with pytest.raises(StoreError, match=f"{file}.parquet is not what was backed up"):
        desk.restore()


def test_the_project_itself_is_never_restored_into(desk: Desk) -> None:
    desk.backup(desk.project["id"])
    with pytest.raises(UsageError, match="of this workspace already"):
        desk.restore(title=desk.title)


def test_what_differs_is_told_one_by_one(desk: Desk) -> None:
    desk.backup(desk.project["id"])
    done = desk.restore()
    (task, *_) = desk.studio.get("api/tasks/", params={"project": done.project_id, "fields": "all"})["tasks"]
    one = task["annotations"][0]
    desk.studio.patch(f"api/annotations/{one['id']}/", json={"result": []})
    desk.studio.patch(f"api/projects/{done.project_id}/", json={"sampling": "Uniform sampling"})
    told = desk.restore().differences
    assert desk.restore().sent == 0
    assert sum("is not there as it was" in line for line in told) == 1
    assert sum(f"annotation {one['id']}" in line and "not in the backup" in line for line in told) == 1


def test_annotations_of_who_was_taken_out_stay_theirs(desk: Desk) -> None:
    disable_people(desk.studio, [desk.people[1].name], file=desk.file)
    assert [person.disabled for person in read_people(desk.file)] == [False, True]
    desk.backup(desk.project["id"])
    done = desk.restore()
    assert done.differences == ()

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.errors import UnknownError, UsageError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import TASKS, from_tuples
from copydesk.store import Log
from copydesk.studio.changes import current_state
from copydesk.studio.client import Studio
from copydesk.studio.codec import read_labels
from copydesk.studio.people import Person, add_people
from copydesk.studio.projects import ProjectSpec
from copydesk.studio.pull import pull
from copydesk.studio.push import push
from copydesk.studio.recorded import Recorded, RecordedSpan, read_recorded, submit
from copydesk.studio.server import Server
from copydesk.studio.suggested import Suggested

ROOT = Path(__file__).parents[2]
Documents = Callable[..., pa.Table]
TEXTS = {
    "a": "😀 Noor, of Aleppo, met Noor of Aleppo in 2014.",
    "b": "Aleppo, again.",
}
RECORD = """
note = "made for this test"
name = "rowan"

["a.txt"]
spans = [
  { id = "n", quote = "Noor", occurrence = 2, label = "PERSON", attributes = { mention = "NAM" } },
  { id = "p", quote = "Aleppo", label = "PLACE" },
  { quote = "2014", label = "DATE", attributes = { timex = "2014" } },
]
relations = [{ head = "n", tail = "p", label = "lives_in" }]

["b.txt"]
spans = [{ quote = "Aleppo", label = "PLACE" }]
"""


def quiet(*_: object) -> None:
    pass


@pytest.fixture
def documents(documents_of: Documents) -> pa.Table:
    return documents_of(TEXTS)


@pytest.fixture
def project(studio: Studio, spec: ProjectSpec, documents: pa.Table) -> int:
    tasks = documents.select(TASKS.names).cast(TASKS)
    at = TEXTS["a"].index("Aleppo")
    suggestions = from_tuples("suggestions", [("a", at, at + 6, "Aleppo", "PLACE", "name", 0.9, [])])
    return push(studio, project=spec, tasks=tasks, suggested=Suggested(suggestions), progress=quiet).project_id


@pytest.fixture(scope="module")
def rowan(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Person:
    (person,) = add_people(studio, ["rowan"], file=tmp_path_factory.mktemp("people") / "people.json")
    return person


def test_recorded_work_comes_back_as_that_persons_however_often_it_is_submitted(
    studio: Studio,
    studio_server: Server,
    rowan: Person,
    project: int,
    documents: pa.Table,
    schema: LabelSchema,
    tmp_path: Path,
) -> None:
    """Trap 9: unless told otherwise, the server takes an annotation for the truth."""
    recorded = read_recorded(RECORD, place="rowan.toml")
    steps: list[tuple[str, int, int]] = []
    given: dict[str, Any] = {"project_ids": [project], "documents": documents, "schema": schema}
    with Studio(studio_server.url, rowan.token) as own:
        first = submit(own, recorded, **given, progress=lambda *step: steps.append(step))
        again = submit(own, recorded, **given, progress=quiet)
    assert (first.submitted, first.present) == (2, 0)
    assert (again.submitted, again.present) == (0, 2)
    assert steps == [("annotate", 1, 2), ("annotate", 2, 2)]

    log = Log(tmp_path / "pulls")
    names = {rowan.user_id: rowan.pseudonym}
    described = studio.get(f"api/projects/{project}/")
    assert pull(studio, project=described, log=log, pseudonyms=lambda: names, progress=quiet).new == 2
    state = current_state(log)
    assert state["ground_truth"].to_pylist() == [False, False]
    outcome = read_labels(state, documents=documents, schema=schema)
    assert outcome.rejected.num_rows == 0
    spans = [row for row in outcome.kept["spans"].to_pylist() if row["doc_id"] == "a"]
    assert [(row["annotator"], row["surface"], row["label"], row["origin"]) for row in spans] == [
        (rowan.pseudonym, "Aleppo", "PLACE", "prediction"),
        (rowan.pseudonym, "Noor", "PERSON", "manual"),
        (rowan.pseudonym, "2014", "DATE", "manual"),
    ]
    assert spans[1]["start"] == TEXTS["a"].rindex("Noor")
    assert spans[1]["attributes"] == [{"name": "mention", "value": "NAM"}]
    (relation,) = outcome.kept["relations"].to_pylist()
    assert (relation["head_span_id"], relation["tail_span_id"]) == (spans[1]["span_id"], spans[0]["span_id"])


def test_a_corrected_article_is_annotated_anew(
    studio: Studio, project: int, spec: ProjectSpec, documents_of: Documents, schema: LabelSchema
) -> None:
    recorded = read_recorded(RECORD, place="rowan.toml")
    given: dict[str, Any] = {"project_ids": [project], "schema": schema, "progress": quiet}
    assert submit(studio, recorded, documents=documents_of(TEXTS), **given).submitted == 2
    corrected = documents_of({**TEXTS, "b": "Corrected: Aleppo."}, revision=2)
    with pytest.raises(UnknownError, match=r"rowan\.toml: project \d+ has no task of 'b\.txt' \(fix: copydesk push\)"):
        submit(studio, recorded, documents=corrected, **given)
    tasks = corrected.select(TASKS.names).cast(TASKS)
    push(studio, project=spec, tasks=tasks, suggested=Suggested(), progress=quiet)
    done = submit(studio, recorded, documents=corrected, **given)
    assert (done.submitted, done.present) == (1, 1)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            ('quote = "Noor", occurrence = 2', 'quote = "Noor", occurrence = 3'),
            "a.txt: occurrence 3 of 'Noor' is not there; the text has 2",
        ),
        (('quote = "2014"', 'quote = "2015"'), "a.txt: occurrence 1 of '2015' is not there; the text has 0"),
        (('label = "DATE"', 'label = "TIME"'), "a.txt: '2014': unknown label 'TIME'"),
        (("timex =", "timeks ="), "a.txt: '2014': unknown attribute 'timeks'"),
        (("lives_in", "eats"), "a.txt: unknown relation 'eats'"),
    ],
)
def test_what_does_not_fit_the_text_or_schema_is_named_and_nothing_is_submitted(
    change: tuple[str, str], fault: str, studio: Studio, documents: pa.Table, schema: LabelSchema
) -> None:
    recorded = read_recorded(RECORD.replace(*change), place="seeds/annotators/rowan.toml")
    with pytest.raises(UsageError, match=r"^seeds/annotators/rowan\.toml: ") as caught:
        submit(studio, recorded, project_ids=[-1], documents=documents, schema=schema, progress=quiet)
    assert fault in str(caught.value)


def test_an_article_that_was_not_ingested_or_may_be_two_is_named(
    studio: Studio, documents_of: Documents, schema: LabelSchema
) -> None:
    recorded = read_recorded(RECORD, place="rowan.toml")
    given: dict[str, Any] = {"project_ids": [-1], "schema": schema, "progress": quiet}
    with pytest.raises(UnknownError, match=r"no document of 'b\.txt' \(fix: ingest"):
        submit(studio, recorded, documents=documents_of({"a": TEXTS["a"]}), **given)
    twice = pa.concat_tables([documents_of(TEXTS), documents_of({"z/b": "Aleppo"})])
    with pytest.raises(UsageError, match=r"'b\.txt' may be any of articles/b\.txt, articles/z/b\.txt"):
        submit(studio, recorded, documents=twice, **given)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('note = "made for this test"', ""), "note is missing"),
        (('name = "rowan"', "name = 3"), "name is missing"),
        (("occurrence = 2", "occurrence = 0"), "a.txt: spans[0]: occurrence 0 does not count from 1"),
        (("occurrence = 2", "times = 2"), "a.txt: spans[0]: unknown key 'times'"),
        (('quote = "2014", ', ""), "a.txt: spans[2]: quote is missing"),
        (('id = "p"', 'id = "n"'), "a.txt: id 'n' stands twice"),
        (('tail = "p"', 'tail = "q"'), "a.txt: relations[0]: tail 'q' is no id of a span"),
        (("{ timex = ", "{ timex = 3, x = "), 'a.txt: spans[2]: expected attributes as name = "value"'),
        (('["b.txt"]\nspans = [', '["b.txt"]\nspans = 3 # ['), "b.txt: expected lists of tables"),
        (("note =", "note"), "cannot be read"),
    ],
)
def test_a_record_that_is_written_wrong_is_refused_with_the_place(change: tuple[str, str], fault: str) -> None:
    with pytest.raises(UsageError, match=r"^rowan\.toml") as caught:
        read_recorded(RECORD.replace(*change), place="rowan.toml")
    assert fault in str(caught.value)


def test_a_record_is_read_as_it_is_written() -> None:
    recorded = read_recorded(RECORD, place="rowan.toml")
    assert isinstance(recorded, Recorded)
    assert (recorded.name, recorded.note, len(recorded.articles)) == ("rowan", "made for this test", 2)
    assert recorded.articles[0].spans[0] == RecordedSpan("n", "Noor", 2, "PERSON", (("mention", "NAM"),))
    assert recorded.articles[0].relations == (("n", "p", "lives_in"),)


@pytest.mark.parametrize("file", sorted((ROOT / "seeds/annotators").glob("*.toml")), ids=lambda file: file.name)
def test_the_recorded_annotators_of_the_seeds_can_be_read(file: Path) -> None:
    recorded = read_recorded(file.read_text(encoding="utf-8"), place=file.name)
    assert recorded.articles

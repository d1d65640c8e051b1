"""Tasks are shared out among projects so that none grows beyond its limit, and their titles tell which follows which."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.studio.sharing import LONGEST_TITLE, Shares, number_of, numbered

titles = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(" ()2"), min_size=3, max_size=LONGEST_TITLE
)


@dataclass(frozen=True)
class Task:
    doc_id: str
    part: int


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(0, 8), st.lists(st.integers(1, 9), max_size=12), st.integers(1, 7))
def test_every_task_goes_to_one_project_in_order_and_documents_stay_together(
    most: int, held: int, documents: list[int], size: int
) -> None:
    tasks = [Task(f"d{number}", part) for number, parts in enumerate(documents) for part in range(parts)]
    ids = itertools.count(2)
    shares: Shares[Task] = Shares(1, held, most=most, opened=lambda: next(ids))
    sent = [
        (project_id, task)
        for first in range(0, len(tasks), size)
        for project_id, share in shares.of(tasks[first : first + size])
        for task in share
    ]
    assert [task for _, task in sent] == tasks
    assert [project_id for project_id, _ in sent] == sorted(project_id for project_id, _ in sent)
    for name in {task.doc_id for task in tasks}:
        assert len({project_id for project_id, task in sent if task.doc_id == name}) == 1
    for project_id, group in itertools.groupby(sent, key=lambda one: one[0]):
        there = [task for _, task in group]
        before = held if project_id == 1 else 0
        others = sum(
            task.doc_id != there[-1].doc_id for task in there
        )  # the last document may be larger than what is left
        assert before + len(there) <= most or before + others < most


@settings(deadline=None)
@given(titles, st.integers(1, 120))
def test_a_projects_number_is_read_from_its_title_which_label_studio_takes(title: str, number: int) -> None:
    named = numbered(title, number)
    assert 3 <= len(named) <= LONGEST_TITLE
    assert number_of(named, title) == number


@settings(deadline=None)
@given(titles, titles)
def test_another_title_has_no_number(title: str, other: str) -> None:
    assert (number_of(other, title) == 1) == (other == title)

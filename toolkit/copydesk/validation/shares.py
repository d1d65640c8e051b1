"""Tables in Parquet files go in that no machine has to hold; findings come out, the same as of the whole tables.

What an expectation asks (``Question``) is divided by the columns that its rows belong together by: those with one key are one
share's, in every table that is read. Each share is judged by itself, wherever that is; Great Expectations is then told which rows
were found, and judges as ever. What cannot be divided is asked of whole tables, without the texts of documents unless it reads them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.errors import NotEvaluatedError, StoreError
from copydesk.validation.failing import Failing
from copydesk.validation.lookup import Lookup, Rows, joined_key
from copydesk.validation.questions import Question, ask

Files = Mapping[str, Sequence[Path]]
MOST_ROWS = 1_000_000  # of the largest table, that one share has about
_TEXT = "text"
_RAISED = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, re.error)
_FIRST = 200  # rows of which Great Expectations may ask for the value


@dataclass(frozen=True, slots=True)
class Share:
    """Questions that are divided alike, and which share of the rows they are asked of."""

    files: Files
    questions: tuple[Question, ...]
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a whole table that fail, what is seen at each, and how many the question speaks of."""

    key: str
    rows: Rows
    seen: tuple[str, ...]
    values: tuple[Any, ...]  # of the first rows
    judged: int


class FileLookup(Lookup):
    """The tables of a run in their files: counts and columns are read as they are asked for."""

    def __init__(self, files: Files) -> None:
        super().__init__({})
        self.files = files

    @property
    def schemas(self) -> Mapping[str, pa.Schema]:
        """The columns of each table."""
        return self.once("schemas", lambda: {name: _schema(paths) for name, paths in self.files.items()})

    def count(self, name: str) -> int:
        """Give how many rows a table has."""
        self._check(name)
        return sum(pq.read_metadata(path).num_rows for path in self.files[name])

    def table(self, name: str) -> pa.Table:
        """Read a whole table, for a question that cannot be divided."""
        self._check(name)
        return self.once(("table", name), lambda: self.columns(name, self.schemas[name].names))

    def columns(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Read some columns of a table."""
        self._check(name, columns)
        return pa.concat_tables([pq.read_table(path, columns=list(columns)) for path in self.files[name]])

    def rows(self, name: str, rows: Sequence[int] | Rows) -> pa.Table:
        """Read some rows of a table by their numbers, ascending, without texts of documents."""
        wanted = np.asarray(rows, dtype=np.int64)
        schema = pa.schema([field for field in self.schemas[name] if field.name != _TEXT])
        found = [
            batch.take(pa.array(wanted[_between(wanted, first, first + batch.num_rows)] - first))
            for first, batch in _batches(self.files[name], schema.names, wanted)
        ]
        return pa.Table.from_batches(found, schema=schema)


def shares_of(questions: Iterable[Question], lookup: FileLookup, *, most_rows: int = MOST_ROWS) -> list[Share]:
    """Divide what can be divided: a share for each number and each way to divide."""
    alike: dict[tuple[Any, ...], dict[str, Question]] = defaultdict(dict)
    for question in questions:
        if question.divided:
            alike[tuple(sorted(question.divided.items()))].setdefault(question.key, question)
    shares = []
    for ways, asked in alike.items():
        names = [name for name, _ in ways]
        count = max(1, -(-max(lookup.count(name) for name in names) // most_rows))
        files = {name: lookup.files[name] for name in names}
        shares += [Share(files, tuple(asked.values()), number, count) for number in range(count)]
    return shares


def judge_share(share: Share) -> list[Answer]:
    """Ask the questions of one share of the tables."""
    divided = share.questions[0].divided
    assert divided is not None
    places: dict[str, Rows] = {}
    tables: dict[str, pa.Table] = {}
    for name, key in divided.items():
        reads_text = any(question.table == name or key == ("doc_id",) for question in share.questions)
        places[name], tables[name] = _rows_of(share, name, key, reads_text=reads_text)
    lookup = Lookup(tables)
    answers = [_answer(question, lookup, places[question.table]) for question in share.questions]
    lookup.forget()
    return answers


def tell(lookup: FileLookup, shares: Sequence[Share], answered: Iterable[Sequence[Answer]]) -> None:
    """Tell the lookup what the shares found, so that nothing is asked again; raises NotEvaluatedError where a share is missing."""
    by_key: dict[str, list[Answer]] = defaultdict(list)
    count = 0
    for answers in answered:
        count += 1
        for answer in answers:
            by_key[answer.key].append(answer)
    if count != len(shares):
        raise NotEvaluatedError(
            f"{len(shares) - count} of {len(shares)} shares gave no answer", fix="look into the engine's logs"
        )
    for key, those in by_key.items():
        lookup.once(key, partial(_together, those))


def _answer(question: Question, lookup: Lookup, places: Rows) -> Answer:
    try:
        failing = ask(question, lookup)
    except _RAISED as error:
        what = f"{question.rule.__name__} of table {question.table} with {dict(question.arguments)}"
        raise NotEvaluatedError(
            f"{what} was not evaluated: {error}", fix="correct the expectation that asks it"
        ) from error
    rows = failing.rows.tolist()
    return Answer(
        key=question.key,
        rows=places[failing.rows],
        seen=tuple(failing.see(row) for row in rows),
        values=tuple(failing.value(row) for row in rows[:_FIRST]),
        judged=failing.judged,
    )


def _together(answers: Sequence[Answer]) -> Failing:
    seen = {row: what for one in answers for row, what in zip(one.rows.tolist(), one.seen, strict=True)}
    values = {row: what for one in answers for row, what in zip(one.rows.tolist(), one.values, strict=False)}
    return Failing(
        np.sort(np.concatenate([one.rows for one in answers])),
        seen.__getitem__,
        judged=sum(one.judged for one in answers),
        value=values.__getitem__,
    )


def _rows_of(share: Share, name: str, key: tuple[str, ...], *, reads_text: bool) -> tuple[Rows, pa.Table]:
    """Read the rows of a table that belong to the share, with their numbers in the whole."""
    schema = pa.schema([field for field in _schema(share.files[name]) if reads_text or field.name != _TEXT])
    count = sum(pq.read_metadata(path).num_rows for path in share.files[name])
    own = np.arange(count * share.number // share.of, count * (share.number + 1) // share.of)
    places: list[Rows] = [np.empty(0, dtype=np.int64)]
    batches: list[pa.RecordBatch] = []
    for first, batch in _batches(share.files[name], schema.names, None if key else own):
        if key:
            mine = np.flatnonzero(_numbers(batch, key, share.of) == share.number)
        else:
            mine = own[_between(own, first, first + batch.num_rows)] - first
        places.append(mine + first)
        batches.append(batch.take(pa.array(mine)))
    return np.concatenate(places), pa.Table.from_batches(batches, schema=schema).combine_chunks()


def _numbers(batch: pa.RecordBatch, key: tuple[str, ...], of: int) -> Rows:
    """Give the share of each row: the same for equal keys, wherever it is computed."""
    from pandas.util import hash_array

    keys = pc.fill_null(joined_key(pa.Table.from_batches([batch]), key), "").to_numpy(zero_copy_only=False)
    numbers: Rows = (hash_array(keys, categorize=False) % np.uint64(of)).astype(np.int64)
    return numbers


def _batches(
    paths: Sequence[Path], columns: Sequence[str], wanted: Rows | None
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Read files a piece at a time, each with the number of its first row; row groups without a wanted row are left out."""
    first = 0
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                end = first + file.metadata.row_group(group).num_rows
                if wanted is None or len(wanted[_between(wanted, first, end)]):
                    for batch in file.iter_batches(row_groups=[group], columns=list(columns)):
                        yield first, batch
                        first += batch.num_rows
                first = end


def _between(rows: Rows, first: int, end: int) -> slice:
    """Give where in ascending numbers those of a piece stand."""
    return slice(*np.searchsorted(rows, [first, end]))


def _schema(paths: Sequence[Path]) -> pa.Schema:
    try:
        return pq.read_schema(paths[0]).remove_metadata()
    except (OSError, pa.ArrowException, IndexError) as error:
        raise StoreError(f"cannot read {', '.join(map(str, paths))}: {error}", fix="check the files") from error


Each = Callable[[Callable[[Share], list[Answer]], Sequence[Share]], Iterable[list[Answer]]]  # does the work, somewhere

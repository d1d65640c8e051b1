"""Which rows of a table fail a rule: an expectation asks it of the tables, once in a run, and the answer may come from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from copydesk.validation.failing import Failing
from copydesk.validation.lookup import Lookup

Divided = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """A rule, the table that it judges, and what it is told beside.

    ``divided`` gives the columns of each table that it reads: divided by these, the parts have the answer of the whole; where there
    are none, however its rows are divided. None: it cannot be divided.
    """

    rule: Callable[..., Failing]
    table: str
    arguments: Mapping[str, Any]
    divided: Divided | None

    @property
    def key(self) -> str:
        """Equal for equal questions."""
        told = json.dumps(self.arguments, sort_keys=True, default=str)
        return f"{self.rule.__module__}.{self.rule.__qualname__} {self.table} {told}"


def ask(question: Question, lookup: Lookup) -> Failing:
    """Give the rows that fail; the same question is answered once in a run."""
    return lookup.once(question.key, lambda: question.rule(lookup, question.table, **question.arguments))

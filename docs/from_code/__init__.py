"""The reference is made of the code: where a page says ``<!-- made of the code: NAME -->``, the text of that name is put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sphinx.application import Sphinx

from from_code.commands import commands
from from_code.errors import errors, findings
from from_code.keys import check_rules, schema_keys
from from_code.labels import label_keys
from from_code.settings import settings
from from_code.tables import published_tables, working_tables

MARK = re.compile(r"^<!-- made of the code: ([a-z ]+) -->$", flags=re.MULTILINE)
TEXTS: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "settings": settings,
    "published tables": published_tables,
    "working tables": working_tables,
    "schema keys": schema_keys,
    "check rules": check_rules,
    "label keys": label_keys,
    "errors": errors,
    "findings": findings,
}


def filled(page: str) -> str:
    """Put the texts into a page; a name that there is no text for is a KeyError."""
    return MARK.sub(lambda mark: TEXTS[mark[1]](), page)


def _fill(app: Sphinx, name: str, source: list[str]) -> None:
    if MARK.search(source[0]):
        app.env.note_reread()  # the code may have changed where the page has not
    source[0] = filled(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Have Sphinx fill each page as it reads it."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

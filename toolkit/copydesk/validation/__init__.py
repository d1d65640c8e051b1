"""Tables go in, findings come out: Great Expectations judges every table by the suites in ``validation/``.

Nothing of Great Expectations is loaded before ``validate`` is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from copydesk.validation.findings import Validated
from copydesk.validation.suites import parameters_of

__all__ = ["Validated", "parameters_of", "validate"]


def validate(
    tables: Mapping[str, pa.Table], *, suites: Path, parameters: Mapping[str, object], data_docs: Path | None
) -> Validated:
    """Judge ``tables`` (by name, with the schemas of ``model.tables``) by every suite in the folder ``suites``.

    ``parameters`` are the values that the suites name as ``$PARAMETER`` (see ``parameters_of``). With ``data_docs``, Great
    Expectations' pages of this run replace that folder. Labels must stand with the revision of the document that they
    were made on.

    Raises ConfigError where a suite's file is wrong, and NotEvaluatedError where not every expectation of every suite
    could be evaluated.
    """
    from copydesk.validation.run import run

    return run(tables, folder=suites, parameters=parameters, data_docs=data_docs)

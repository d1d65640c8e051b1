"""Documents go in, the stratum of each comes out: what it shares with the others of it, such as its publisher and month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import ConfigError
from copydesk.sampling.choose import Texts

_SHORT, _LONG = 1_500, 6_000  # characters
_UNKNOWN = "unknown"


def strata(documents: pa.Table, by: Sequence[str]) -> Texts:
    """Name the stratum of each of the ``documents`` by these qualities; raises ConfigError for one that there is not."""
    if unknown := [name for name in by if name not in _QUALITIES]:
        raise ConfigError(
            f"there are no strata by {', '.join(unknown)} @ $.sample.strata",
            fix=f"name some of: {', '.join(_QUALITIES)}",
        )
    found = np.full(documents.num_rows, "", dtype=np.str_)
    for name in by:
        column = pc.fill_null(_QUALITIES[name](documents), _UNKNOWN).to_pylist()
        found = np.array([f"{one} {value}".strip() for one, value in zip(found.tolist(), column, strict=True)], np.str_)
    return found


def _length(documents: pa.Table) -> pa.ChunkedArray:
    length = pc.utf8_length(documents["text"])
    of_long = pc.if_else(pc.less(length, _LONG), "middling", "long")
    return pc.if_else(pc.less(length, _SHORT), "short", of_long)


_QUALITIES: Mapping[str, Callable[[pa.Table], pa.ChunkedArray]] = {
    "publisher": lambda documents: documents["publisher"],
    "month": lambda documents: pc.strftime(documents["published_at"], format="%Y-%m"),
    "length": _length,
    "language": lambda documents: documents["language"],
}

"""What may be a name that stands for a folder: of a workspace, a dataset or a labelling schema."""

from __future__ import annotations

import re

NAME_RULE = "use up to 100 letters (a-z), digits, -, _ and ., beginning with a letter or digit"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def is_name(name: str) -> bool:
    """Say whether a name follows ``NAME_RULE``, so that it never leads out of the folder that it is put in."""
    return _NAME.fullmatch(name) is not None

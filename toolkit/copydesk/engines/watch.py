"""How work tells an engine where it is, so that a place that hangs or kills its process can be named and left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

How = Literal["hung", "died"]


def _nowhere(_number: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Handed to the work with each item.

    The work calls ``at`` with a number of its own, not negative, as it comes to each place that may go wrong. Where the process
    was lost at a place, the work is done again from its beginning, and ``lost`` says how: it has to leave that place out. It may
    call ``did`` with how much of the item it has done, in a unit of its own, for those who watch.
    """

    at: Callable[[int], None] = _nowhere
    did: Callable[[int], None] = _nowhere
    lost: Mapping[int, How] = field(default_factory=dict)

"""How long work tells how far it is: what is being done, how much is done, and of how much (0: not known)."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]
"""How a step says, in a sentence, what it is waiting for."""

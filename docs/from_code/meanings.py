"""What keys and columns mean, where the code does not say it beside them: ``meanings.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

MEANINGS = tomllib.loads(Path(__file__).with_name("meanings.toml").read_text(encoding="utf-8"))

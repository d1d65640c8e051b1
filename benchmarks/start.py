"""The cost of ``copydesk --help``, against ``import pandas`` in a process of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from ratio import Ratio

ROUNDS = 15
TARGET = 0.3


def run() -> Ratio:
    """Run both in turn and give the median ratio."""
    help_command = [str(Path(sys.executable).with_name("copydesk")), "--help"]
    pandas_command = [sys.executable, "-c", "import pandas"]
    _seconds(help_command), _seconds(pandas_command)
    rounds = [_seconds(help_command) / _seconds(pandas_command) for _ in range(ROUNDS)]
    value = statistics.median(rounds)
    return Ratio("copydesk --help, against import pandas", value, f"≤ {TARGET}", value <= TARGET, tuple(rounds))


def _seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin

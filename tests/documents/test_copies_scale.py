"""The search stays in bounded memory, and finds every copy among many articles."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("copies_at_scale.py")
KIB_EACH, KIB_AT_LEAST = 6, 40_000


def _run(count: int) -> dict[str, Any]:
    done = subprocess.run([sys.executable, str(SCRIPT), str(count)], check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_ten_thousand_articles_take_six_kib_each_and_every_copy_is_found() -> None:
    told = _run(10_000)
    assert told["right"] >= 0.999 * told["documents"]
    assert told["kib"] < KIB_AT_LEAST + KIB_EACH * told["documents"]


@pytest.mark.soak
def test_a_hundred_thousand_articles_take_six_kib_each_and_time_grows_with_their_number(record_property: Any) -> None:
    few, many = _run(10_000), _run(100_000)
    record_property("copies", f"copies: {many['documents']:,} articles, {many['right']:,} right, {many['kib']:,} KiB")
    assert many["right"] >= 0.999 * many["documents"]
    assert many["kib"] < KIB_AT_LEAST + KIB_EACH * many["documents"]
    assert many["seconds"] <= 15 * few["seconds"]

"""What is stored of other packages, against what they say where they are installed; the benchmarks install them in ``.peers``."""

import json
import subprocess
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases/agreement"
PEER = Path(__file__).parents[2] / ".peers/spans/bin/python"


@pytest.mark.skipif(
    not PEER.exists(), reason="needs nervaluate, which benchmarks/agreement_spans.py installs in .peers"
)
def test_stored_f1_is_what_nervaluate_says():
    said = subprocess.run([PEER, CASES / "spans_oracle.py"], text=True, capture_output=True, check=True)
    assert json.loads(said.stdout)["cases"] == json.loads((CASES / "spans.json").read_text())["cases"]

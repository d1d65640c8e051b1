"""What the README says in Python is run where the demo has published."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Shell = Callable[..., CompletedProcess[str]]
ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_lines_load_what_the_demo_published(reference: Path, shell: Shell) -> None:
    (code,) = re.findall(r"^```python[^\n]*\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    (reference / "load.py").write_text(code + "print(len(articles), len(spans) > 300)\n", encoding="utf-8")
    done = shell("python load.py", cwd=reference)
    assert done.stdout == "10 True\n", done.stderr
    done = shell("copydesk load conflict-news --table spans --rows 3", cwd=reference)
    assert "conflict-news 1.0.0, spans (train)" in done.stdout

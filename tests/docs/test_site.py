"""Rules of the site: it is built without a warning, and its pages load nothing from another machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from blocks import ROOT

# what a browser loads by itself: scripts, pictures, frames, style sheets, fonts and icons, but not a link that somebody clicks
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=["']([^"']+)|<link\b[^>]*\bhref=["']([^"']+)"""
)
STYLED = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")
NAVIGATION = re.compile(r"""<link\b[^>]*\brel=["'](?:next|prev|search|index|author|canonical)["'][^>]*>""")


@pytest.fixture(scope="module")
def site(sphinx_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def loaded(file: Path) -> set[str]:
    pattern = STYLED if file.suffix == ".css" else LOADED
    text = NAVIGATION.sub("", file.read_text(encoding="utf-8"))
    return {"".join(found) for found in pattern.findall(text)}


def test_every_page_is_in_it_and_loads_nothing_from_elsewhere(site: Path) -> None:
    files = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert {page.stem for page in (ROOT / "docs").rglob("*.md")} <= {file.stem for file in files}
    outside = {file.name: {one for one in loaded(file) if re.match(r"\w+:(?!image/)|//", one)} for file in files}
    assert {name: found for name, found in outside.items() if found} == {}


def test_the_reference_is_in_it(site: Path) -> None:
    assert "copydesk adjudicate" in (site / "reference" / "commands.html").read_text(encoding="utf-8")
    assert "made of the code" not in (site / "reference" / "tables.html").read_text(encoding="utf-8")

"""A pinned floor: how many labels survive corrections of real texts, each at its right place. Nobody lowers it silently."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copydesk.model.alignment import fold
from copydesk.model.anchor import reanchor

ROOT = Path(__file__).resolve().parents[2]
RE3D = ROOT.parent / "shared" / "data" / "re3d"
FLOORS = tomllib.loads((Path(__file__).parent / "anchors.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def revisions() -> ModuleType:
    """The module revisions.py beside this one."""
    spec = importlib.util.spec_from_file_location("revisions_of_the_gate", Path(__file__).with_name("revisions.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not RE3D.is_dir(), reason="re3d is not at ../shared/data/re3d (it is no part of this project)")
@pytest.mark.parametrize("floor", FLOORS["floor"], ids=lambda floor: f"{floor['edits']} edits")
def test_labels_survive_corrections_of_real_texts(floor: dict[str, Any], revisions: ModuleType) -> None:
    counted = measured(revisions, edits=floor["edits"], seeds=floor["seeds"])
    unchanged, reworded = counted["unchanged"], counted["reworded"]
    assert counted["certain, wrong"] <= floor["certain_wrong"]
    assert counted["unchanged, certain"] / unchanged >= floor["unchanged_certain"]
    assert counted["unchanged, right"] / unchanged >= floor["unchanged_right"]
    assert counted["reworded, right"] / reworded >= floor["reworded_right"]
    assert counted["reworded, certain"] == 0


def measured(made: ModuleType, *, edits: int, seeds: int) -> Counter[str]:
    golds = list(made.read_re3d(RE3D))
    sentences = [one.strip() for gold in golds for one in re.findall(r"[A-Z][^.!?\n]{30,200}\.", gold.text)]
    counted: Counter[str] = Counter()
    for number, gold in enumerate(golds):
        donors = [one for one in sentences if one not in gold.text]
        for seed in range(seeds):
            revised = made.revise(gold, seed=1000 * number + seed, donors=donors, edits=edits)
            for span, placed in zip(gold.spans, reanchor(gold.text, revised.text, gold.spans), strict=True):
                counted.update(_judged(gold.text, revised, span, placed))
    return counted


def _judged(old: str, revised: Any, span: tuple[int, int], placed: Any) -> list[str]:
    true = revised.truth[span]
    right = true == (placed.start, placed.end)
    kind = "gone" if true is None else "reworded" if span in revised.reworded else "unchanged"
    if kind == "reworded" and true and fold(old[slice(*span)]) == fold(revised.text[slice(*true)]):
        kind = "unchanged"
    told = [kind, f"{kind}, {placed.how}"]
    told += [f"{kind}, right"] if right else []
    told += [f"{kind}, certain"] if placed.certain else []
    return told + (["certain, wrong"] if placed.certain and not right else [])

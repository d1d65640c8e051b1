"""The file of tasks is imported into a real Label Studio, and says there what it said here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from hypothesis import Phase, given, settings

from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.exports.export import export
from copydesk.flow.export import ALL_FORMATS
from copydesk.store import Log
from copydesk.studio.changes import current_state
from copydesk.studio.client import Studio
from copydesk.studio.pull import pull

pytestmark = pytest.mark.studio


def test_imported_tasks_are_pulled_as_they_were_published(
    studio: Studio, make_project: Callable[..., dict[str, Any]], corpora: Any, readers: Any, tmp_path: Path
) -> None:
    corpus = largest(corpora)
    folder = tmp_path / "out"
    export(corpus, "labelstudio", ALL_FORMATS["labelstudio"], folder, any_licence=False, tool="test")
    project = make_project("An export", (folder / "label_config.xml").read_text(encoding="utf-8"))
    for split in corpus.splits:
        tasks = (folder / f"{split}.json").read_bytes()
        studio.post(f"api/projects/{project['id']}/import", params={"return_task_ids": "true"}, json=tasks)
    log, owner = Log(tmp_path / "pulls"), studio.whoami()["id"]
    project = studio.get(f"api/projects/{project['id']}/")
    pull(studio, project=project, log=log, pseudonyms=lambda: {owner: "A1"}, progress=lambda *_: None)
    pulled = current_state(log)
    for split in corpus.splits:
        own = pulled.filter(pc.is_in(pulled["doc_id"], corpus.read(split, "documents")["doc_id"].combine_chunks()))
        assert readers.annotations(own, corpus, split) == readers.said(corpus, split)


def largest(corpora: Any) -> Corpus:
    """Of some generated corpora of two splits, the one with the most spans."""
    found: list[Corpus] = []

    @settings(deadline=None, max_examples=30, database=None, phases=[Phase.generate])
    @given(corpora.corpora())
    def gather(corpus: Corpus) -> None:
        if all(corpus.read(split, "documents").num_rows for split in corpus.splits) and len(corpus.splits) == 2:
            found.append(corpus)

    gather()
    return max(found, key=lambda one: sum(one.read(split, "spans").num_rows for split in one.splits))

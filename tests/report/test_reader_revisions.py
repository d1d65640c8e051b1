"""A document that was corrected: what was labelled before is shown where it stands now, what waits is named, and the earlier text is there."""

from __future__ import annotations

from pathlib import Path

import pytest
import reading_room

from copydesk.flow.agree import agree
from copydesk.flow.ingest import ingest
from copydesk.flow.reading import views
from copydesk.flow.reading_index import Library


def test_a_corrected_document_shows_what_was_carried_over_what_waits_and_what_was_before(tmp_path: Path) -> None:
    room = reading_room.build(tmp_path)
    article = tmp_path / "ferry.txt"
    text = article.read_text(encoding="utf-8")
    article.write_text(text.replace("Ester Vale, who lives", "Esther Veil, who lives"), encoding="utf-8")
    ingest(room, [article], progress=reading_room.silent)
    with Library(room, say=pytest.fail) as library:
        show = views(library)["/documents/{doc_id:path}"]
        stale = show({"doc_id": "ferry.txt"}).body
        assert "agreed labels are of revision 1: copydesk agree carries them over." in stale
        agree(room, progress=reading_room.silent)
        now = show({"doc_id": "ferry.txt"}).body
        assert "Esther Veil" in now
        assert "Waiting for a person" in now
        assert "carries them over" not in now
        before = show({"doc_id": "ferry.txt", "revision": "1", "view": "A1"}).body
        assert "This is an earlier revision; the newest is 2." in before
        assert "Ester Vale" in before
        assert "carried over to revision 2: moved" in before or "carried over to revision 2: exact" in before
        assert "carried over to revision 2: fuzzy" in before or "carried over to revision 2: lost" in before

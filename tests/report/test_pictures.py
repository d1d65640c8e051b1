"""The pictures of the data card: files of the version like all others, the same bytes for the same labels, and none where none are wanted."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from copydesk.datasets.load import verify
from copydesk.datasets.pictures import no_pictures
from copydesk.datasets.publish import Plan, Published, publish
from copydesk.datasets.retract import retract
from copydesk.datasets.version import open_release
from copydesk.flow.pictures import drawing, pictures
from copydesk.model.settings import read_settings
from copydesk.store import file_sha256
from copydesk.workspace import Workspace


@pytest.fixture
def put_out(newsroom: ModuleType, tmp_path: Path) -> Published:
    return published(newsroom, tmp_path / "one")


def published(newsroom: ModuleType, folder: Path) -> Published:
    """Publish five documents, with pictures."""
    tables, home = newsroom.many(5), folder / newsroom.NAME
    options = {"about": newsroom.ABOUT, "plan": Plan(newsroom.UNDIVIDED.shares), "progress": newsroom.silent}
    return publish(home, tables=tables, draw=pictures, **options)


def drawn(path: Path) -> dict[str, str]:
    return {file.name: file_sha256(file) for file in (path / "pictures").glob("*")}


def test_every_picture_stands_in_the_card_and_is_a_file_of_the_version(put_out: Published) -> None:
    card = (put_out.path / "README.md").read_text(encoding="utf-8")
    names = sorted(drawn(put_out.path))
    assert "labels.svg" in names
    assert sorted(part.partition(".svg)")[0] + ".svg" for part in card.split("](pictures/")[1:]) == names
    assert verify(put_out.path) == ()
    (put_out.path / "pictures" / "labels.svg").chmod(0o644)
    (put_out.path / "pictures" / "labels.svg").write_bytes(b"<svg/>")
    assert any("pictures/labels.svg" in fault for fault in verify(put_out.path))


def test_the_same_labels_are_the_same_pictures_and_no_other_version(
    put_out: Published, newsroom: ModuleType, tmp_path: Path
) -> None:
    again = published(newsroom, tmp_path / "two")
    assert drawn(again.path) == drawn(put_out.path)
    home = tmp_path / "two" / newsroom.NAME
    assert not newsroom.publish(home, tables=newsroom.many(5), about=newsroom.ABOUT).created
    assert "vl-convert-python" in open_release(again.path).manifest["writer"]


def test_a_version_without_retracted_articles_has_pictures_where_the_one_before_had(
    put_out: Published, newsroom: ModuleType, tmp_path: Path
) -> None:
    home = put_out.path.parent
    done = retract(home, ["doc-00"], reason="libel", draw=pictures, progress=newsroom.silent)
    assert drawn(home / done.successor).keys() >= drawn(put_out.path).keys()
    bare = newsroom.publish(tmp_path / newsroom.NAME, tables=newsroom.many(5), about=newsroom.ABOUT).path
    done = retract(bare.parent, ["doc-00"], reason="libel", draw=pictures, progress=newsroom.silent)
    assert drawn(bare.parent / done.successor) == {}
    assert "## Figures" not in (bare / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("wanted", "draw"), [("true", pictures), ("false", no_pictures)])
def test_the_settings_say_whether_pictures_are_drawn(wanted: str, draw: object, tmp_path: Path) -> None:
    settings = read_settings(
        {"name": "desk", "schema": "none", "publish": {"pictures": wanted == "true"}}, place="copydesk.toml"
    )
    assert drawing(Workspace(tmp_path, settings)) is draw

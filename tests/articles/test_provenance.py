"""Where an article comes from is written beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from copydesk.articles import Limits, read_articles
from copydesk.articles.provenance import ProvenanceFiles, read_provenance
from copydesk.errors import ConfigError

LIMITS = Limits(max_bytes=1000, max_chars=1000)


def test_what_is_written_of_a_file_is_in_its_row(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "provenance.toml").write_text(
        '["a.txt"]\nurl = "https://example.org/a"\npublisher = "P"\nlicence = "CC0-1.0"\nnote = "for people"\n'
        "published_at = 2024-05-01T10:00:00+02:00\nretrieved_at = 2024-05-02\n"
    )
    [row] = read_articles([("a.txt", tmp_path / "a.txt")], limits=LIMITS)[0].to_pylist()
    assert (row["url"], row["publisher"], row["licence"]) == ("https://example.org/a", "P", "CC0-1.0")
    assert row["published_at"] == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert row["retrieved_at"] == datetime(2024, 5, 2, tzinfo=UTC)


def test_a_file_beside_the_article_goes_before_one_further_up_and_none_beyond_the_source_counts(tmp_path: Path) -> None:
    article = tmp_path / "root" / "news" / "may" / "a.txt"
    article.parent.mkdir(parents=True)
    places = {tmp_path: "outside", tmp_path / "root": "root", tmp_path / "root" / "news": "news"}
    for folder, publisher in places.items():
        name = article.relative_to(folder).as_posix()
        (folder / "provenance.toml").write_text(f'["{name}"]\npublisher = "{publisher}"\n')
    assert ProvenanceFiles().of(article, source="news/may/a.txt").publisher == "news"
    (tmp_path / "root" / "news" / "provenance.toml").unlink()
    assert ProvenanceFiles().of(article, source="news/may/a.txt").publisher == "root"
    (tmp_path / "root" / "provenance.toml").unlink()
    assert ProvenanceFiles().of(article, source="news/may/a.txt").publisher is None
    assert ProvenanceFiles().of(article, source="https://example.org/a").publisher is None


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2024-05-01", datetime(2024, 5, 1, tzinfo=UTC)),
        ("2024-05-01T10:00:00", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ('"2024-05-01T10:00:00Z"', datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01T10:00:00+02:00", datetime(2024, 5, 1, 10, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_time_without_zone_is_utc(written: str, instant: datetime) -> None:
    entries = read_provenance(f'["a.txt"]\npublished_at = {written}\n', place="provenance.toml")
    assert entries["a.txt"].published_at == instant


def test_everything_wrong_is_said_at_once_with_its_place_and_fix() -> None:
    wrong = '["a"]\nurl = 7\ndate = "x"\npublished_at = "May"\n["b"]\nretrieved_at = 5\n[c]\n'
    with pytest.raises(ConfigError) as caught:
        read_provenance(wrong + "d = 1\n", place="seeds/provenance.toml")
    message = str(caught.value)
    for place in (
        '$."a".url',
        "'date' @ $.\"a\"",
        "'May' @ $.\"a\".published_at",
        '$."b".retrieved_at',
        "'d' @ $.\"c\"",
    ):
        assert place in message
    assert message.startswith("seeds/provenance.toml: ")


@pytest.mark.parametrize("text", ["[", '"a.txt" = 1'])
def test_a_text_that_is_not_provenance_is_an_error_that_names_its_file(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^seeds/provenance.toml: "):
        read_provenance(text, place="seeds/provenance.toml")


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "provenance.toml"
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=rf"{file} cannot be read: .* is not UTF-8"):
        ProvenanceFiles().of(tmp_path / "a.txt", source="a.txt")
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigError, match=rf"{file} cannot be read: Is a directory"):
        ProvenanceFiles().of(tmp_path / "a.txt", source="a.txt")

"""Reading feeds, against feedparser on the same feeds in the same process, in CPU time.

The feeds are generated from a seed in the shape of real ones: 30 articles each of some 7 kB, the mean of the 200 real feeds that
fastfeedparser's own benchmark carries, with paragraphs, links, emphasis, pictures with captions, a list of related stories and a tracking
pixel; half RSS with ``content:encoded``, half Atom. Both read files and give entries as values; ours are checked, named and digested.
"""

from __future__ import annotations

import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import feedparser
from sync import Ratio

from copydesk.articles import Input, ReadOptions, read_input
from copydesk.model.reading import Limits

FEEDS, ENTRIES, ROUNDS = 20, 30, 5
TARGET = 50
WORDS = [
    "the",
    "council",
    "army",
    "bridge",
    "minister",
    "said",
    "on",
    "Friday",
    "that",
    "near",
    "river",
    "police",
    "people",
    "report",
    "city",
    "talks",
    "fire",
    "court",
]
OPTIONS = ReadOptions(Limits(max_bytes=20_000_000, max_chars=1_000_000))
RSS = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><link>https://news.example/</link>{}</channel></rss>'
)
FIGURE = (
    '<figure class="lead"><img src="https://img.example/{number}.jpg?w=1024" srcset="https://img.example/{number}.jpg?w=320 320w" '
    'width="1024" height="683" loading="lazy" alt="{caption}" style="border:0;margin:0 auto"/><figcaption>{caption}</figcaption></figure>'
)
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>News</title><id>https://news.example/atom</id>{}</feed>'


def run() -> Ratio:
    """Read all feeds by both in turn and give the median of feedparser's time over ours."""
    with tempfile.TemporaryDirectory() as folder:
        files = list(write_feeds(Path(folder)))
        _ours(files), _theirs(files[:1])
        rounds = []
        for _ in range(ROUNDS):
            ours, entries = _seconds(lambda: _ours(files))
            theirs, parsed = _seconds(lambda: _theirs(files))
            assert entries == parsed == FEEDS * ENTRIES
            rounds.append(theirs / ours)
    value = statistics.median(rounds)
    return Ratio("reading feeds, feedparser's CPU time over ours", value, f"≥ {TARGET}", value >= TARGET, tuple(rounds))


def write_feeds(folder: Path, *, feeds: int = FEEDS, entries: int = ENTRIES) -> Iterator[Path]:
    """Write feeds that are the same in every run, and give their paths."""
    chance = random.Random(3)
    for number in range(feeds):
        made = [_entry(chance, number * entries + place, rss=number % 2 == 0) for place in range(entries)]
        path = folder / f"feed-{number}.xml"
        path.write_text((RSS if number % 2 == 0 else ATOM).format("".join(made)), encoding="utf-8")
        yield path


def _entry(chance: random.Random, number: int, *, rss: bool) -> str:
    title, html = " ".join(chance.choices(WORDS, k=8)), _page(chance, number)
    address = f"https://news.example/{number}"
    if rss:
        return (
            f"<item><title>{title} &amp; more</title><link>{address}</link><guid>{address}</guid><dc:creator>A. Writer</dc:creator>"
            f"<pubDate>Fri, 03 May 2024 10:{number % 60:02d}:00 GMT</pubDate><description>{title}</description>"
            f"<content:encoded><![CDATA[{html}]]></content:encoded></item>"
        )
    return (
        f"<entry><title>{title}</title><id>{address}</id><link href='{address}'/><author><name>A. Writer</name></author>"
        f"<published>2024-05-03T10:{number % 60:02d}:00Z</published><updated>2024-05-03T11:00:00Z</updated>"
        f"<content type='html'>{escape(html)}</content></entry>"
    )


def _page(chance: random.Random, number: int) -> str:
    """Write an article as the systems of newspapers do."""
    parts = [FIGURE.format(number=number, caption=" ".join(chance.choices(WORDS, k=12)))]
    for place in range(12):
        words = chance.choices(WORDS, k=60)
        words[10] = (
            f'<a href="https://news.example/topic/{words[10]}?ref=feed&amp;n={place}" rel="noopener">{words[10]}</a>'
        )
        words[30] = f"<strong>{words[30]}</strong>"
        parts.append(f'<p class="story-text">{" ".join(words)} “Zoé”, he said.</p>')
        if place % 5 == 4:
            parts.append(f"<h2>{' '.join(chance.choices(WORDS, k=4))}</h2>")
    links = (
        f'<li><a href="/related/{number + one}">{" ".join(chance.choices(WORDS, k=7))}</a></li>' for one in range(5)
    )
    parts.append(
        f"<ul>{''.join(links)}</ul><img src='https://stats.example/p.gif?id={number}' width='1' height='1' alt=''/>"
    )
    return "".join(parts)


def _ours(files: list[Path]) -> int:
    inputs = [Input(path.name, path=path) for path in files]
    entries = [entry for one in inputs for entry in read_input(one, options=OPTIONS)]
    assert not any(entry.reason for entry in entries)
    return len(entries)


def _theirs(files: list[Path]) -> int:
    return sum(len(feedparser.parse(io.BytesIO(path.read_bytes())).entries) for path in files)


def _seconds(work: Callable[[], int]) -> tuple[float, int]:
    begin = time.process_time()
    count = work()
    return time.process_time() - begin, count

"""Reading feeds, against feedparser on the same files in the same process, in CPU time.

The feeds are generated from a seed after what newsrooms publish, 30 entries each, every one with a title, a link, an id, an author, a
date and categories of its own. Of five feeds, two are RSS with a description alone (some hundred characters of text, a picture, its
credit), two are RSS as WordPress writes it (an excerpt, and the whole article in ``content:encoded``), and one is Atom with the whole
article, escaped. Whole articles have 8 to 30 paragraphs, some 7 kB, with links, emphasis, headings, a picture in many sizes and a list
of related stories. Both sides begin with a file and end with entries as values; ours are checked, named and digested besides.
"""

from __future__ import annotations

import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

import feedparser
from ratio import Ratio

from copydesk.articles import Input, ReadOptions, read_input
from copydesk.articles.provenance import ProvenanceFiles
from copydesk.model.reading import Limits

FEEDS, ENTRIES, ROUNDS = 20, 30, 7
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
SITE = "https://news.example"
BEGIN = datetime(2024, 5, 3, 10, tzinfo=UTC)
OPTIONS = ReadOptions(Limits(max_bytes=20_000_000, max_chars=1_000_000))
RSS = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:media="http://search.yahoo.com/mrss/">\n<channel>\n\t<title>News &#8211; Today</title>\n'
    '\t<atom:link href="https://news.example/feed/" rel="self" type="application/rss+xml" />\n\t<link>https://news.example</link>\n'
    "\t<description>All the news</description>\n\t<language>en-GB</language>\n{entries}</channel>\n</rss>\n"
)
ATOM = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n<title>News</title>\n'
    '<id>https://news.example/atom</id>\n<link rel="self" href="https://news.example/atom"/>\n{entries}</feed>\n'
)
BRIEF = """\t<item>
\t\t<title>{title}</title>
\t\t<link>{link}?at_medium=RSS&amp;at_campaign=rss</link>
\t\t<guid isPermaLink="true">{link}</guid>
\t\t<dc:creator>{author}</dc:creator>
\t\t<description>{summary}</description>
\t\t<pubDate>{rfc822}</pubDate>
\t\t<category>{topic}</category>
\t\t<category>World</category>
\t\t<media:content url="https://img.example/{number}.jpg" medium="image" width="1024" height="683"/>
\t\t<media:credit>{author}/Agency</media:credit>
\t</item>
"""
WHOLE = """\t<item>
\t\t<title>{title}</title>
\t\t<link>{link}</link>
\t\t\t\t\t<comments>{link}#comments</comments>

\t\t<dc:creator><![CDATA[{author}]]></dc:creator>
\t\t<pubDate>{rfc822}</pubDate>
\t\t\t\t<category><![CDATA[{topic}]]></category>
\t\t<category><![CDATA[World]]></category>
\t\t<guid isPermaLink="false">https://news.example/?p={number}</guid>

\t\t\t\t\t<description><![CDATA[<p>{summary} [&#8230;]</p>
]]></description>
\t\t\t\t\t\t\t\t\t\t<content:encoded><![CDATA[{html}]]></content:encoded>

\t\t\t\t\t<wfw:commentRss>{link}feed/</wfw:commentRss>
\t\t\t<slash:comments>{place}</slash:comments>
\t</item>
"""
ENTRY = """<entry>
<title type="html">{title}</title>
<link rel="alternate" type="text/html" href="{link}"/>
<id>tag:news.example,2024:{number}</id>
<author><name>{author}</name></author>
<published>{iso}</published>
<updated>{iso}</updated>
<category term="{topic}"/>
<content type="html">{escaped}</content>
</entry>
"""
FIGURE = (
    '<figure class="wp-block-image size-large"><a href="https://img.example/{number}.jpg"><img decoding="async" width="1024" '
    'height="683" src="https://img.example/{number}-1024x683.jpg" alt="{caption}" class="wp-image-{number}" srcset="{sizes}" '
    'sizes="(max-width: 1024px) 100vw, 1024px" /></a><figcaption class="wp-element-caption">{caption}</figcaption></figure>\n\n\n\n'
)
KINDS = ((RSS, BRIEF), (RSS, WHOLE), (ATOM, ENTRY), (RSS, BRIEF), (RSS, WHOLE))


def run() -> Ratio:
    """Read feeds by both in turn, other ones in each round, and give the median of feedparser's time over ours."""
    rounds = []
    for number in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            files = list(write_feeds(Path(folder), seed=number))
            ours, entries = _seconds(lambda files=files: _ours(files))
            theirs, parsed = _seconds(lambda files=files: _theirs(files))
            assert entries == parsed == FEEDS * ENTRIES
            rounds.append(theirs / ours)
    del rounds[0]  # both import and compile what they need in it
    value = statistics.median(rounds)
    return Ratio("reading feeds, feedparser's CPU time over ours", value, f"≥ {TARGET}", value >= TARGET, tuple(rounds))


def write_feeds(folder: Path, *, seed: int, feeds: int = FEEDS, entries: int = ENTRIES) -> Iterator[Path]:
    """Write feeds that are the same in every run, and give their paths."""
    chance = random.Random(seed)
    first = seed * feeds * entries
    for number in range(feeds):
        feed, entry = KINDS[number % len(KINDS)]
        made = [entry.format(**_values(chance, first + number * entries + place)) for place in range(entries)]
        path = folder / f"feed-{number}.xml"
        path.write_text(feed.format(entries="".join(made)), encoding="utf-8")
        yield path


def _values(chance: random.Random, number: int) -> dict[str, object]:
    """Give what the templates have places for."""
    published = BEGIN - timedelta(seconds=number * 1741)
    html = _page(chance, number)
    return {
        "number": number,
        "place": number % 40,
        "title": f"{_words(chance, 8)} &#8216;{_words(chance, 2)}&#8217;",
        "link": f"{SITE}/{published:%Y/%m/%d}/{_words(chance, 5).replace(' ', '-')}-{number}/",
        "author": _words(chance, 2).title(),
        "topic": _words(chance, 1).title(),
        "summary": _words(chance, chance.randint(15, 55)),
        "rfc822": format_datetime(published),
        "iso": published.isoformat(),
        "html": html,
        "escaped": escape(html),
    }


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def _page(chance: random.Random, number: int) -> str:
    """Write an article as the systems of newspapers do."""
    sizes = ", ".join(
        f"https://img.example/{number}-{wide}x{wide * 2 // 3}.jpg {wide}w" for wide in (300, 768, 1024, 1536)
    )
    parts = [FIGURE.format(number=number, caption=_words(chance, 12), sizes=sizes)]
    for place in range(chance.randint(8, 30)):
        parts.append(f'<p class="wp-block-paragraph">{_paragraph(chance)}</p>\n\n\n\n')
        if place % 6 == 5:
            parts.append(f'<h2 class="wp-block-heading">{_words(chance, 4)}</h2>\n\n\n\n')
    related = (f'<li><a href="/related/{number + one}/">{_words(chance, 7)}</a></li>\n' for one in range(5))
    parts.append(f'<ul class="wp-block-list">\n{"".join(related)}</ul>\n')
    parts.append(
        f'<p>The post <a href="{SITE}/{number}/">{_words(chance, 6)}</a> appeared first on <a href="{SITE}">News</a>.</p>'
    )
    return "".join(parts)


def _paragraph(chance: random.Random) -> str:
    words = chance.choices(WORDS, k=chance.randint(25, 70))
    words[5] += "&#8217;s"
    words[9] = f'<a href="{SITE}/topic/{words[9]}/" rel="noopener">{words[9]}</a>'
    words[14] = f"<strong>{words[14]}</strong>" if chance.random() < 0.3 else words[14]
    words[20] = f"<em>{words[20]}</em>" if chance.random() < 0.3 else words[20]
    return f"{' '.join(words)}. &#8220;We will wait,&#8221; Zoé Müller said – for now."


def _ours(files: list[Path]) -> int:
    provenance = ProvenanceFiles()
    count = 0
    for path in files:
        for entry in read_input(Input(path.name, path=path), options=OPTIONS, provenance=provenance):
            assert not entry.reason
            count += 1
    return count


def _theirs(files: list[Path]) -> int:
    return sum(len(feedparser.parse(io.BytesIO(path.read_bytes())).entries) for path in files)


def _seconds(work: Callable[[], int]) -> tuple[float, int]:
    begin = time.process_time()
    count = work()
    return time.process_time() - begin, count

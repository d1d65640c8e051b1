"""HTML source in, its tags and stretches of text out, each with its offsets in the source.

This is a scanner of our own, since the document's text depends on it: Python's ``html.parser`` changes how it recovers from
broken markup between patch releases, and lxml gives no offsets. It follows the tokenizer of the HTML standard where
that matters to text, takes any input, and reads each character a bounded number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from copydesk.documents.rules import html_names

# Possessive quantifiers give nothing back, so that a tag that never ends is read once.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>"'=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|["'=])*+)>""")
_SIMPLE_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)([^>]*+)>")
_MARKUP = re.compile(r"<(?=[a-zA-Z!?]|/[a-zA-Z!?])")


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of the source: ``text``, ``start`` or ``end`` (tags, with their lower-case name and attributes), or ``other``."""

    kind: str
    start: int
    end: int
    name: str = ""
    attributes: str = ""


def tokens(source: str) -> Iterator[Token]:
    """Give the tokens of ``source`` in order; joined, they are the source."""
    last = source.rfind(">")
    tag = _TAG
    at = 0
    while at < len(source):
        found = _MARKUP.search(source, at)
        start = found.start() if found else len(source)
        if start > at:
            yield Token("text", at, start)
        if start == len(source):
            return
        if start > last and not source.startswith("<!--", start):
            yield Token("other", start, len(source))
            return
        token = _markup(source, start, tag)
        if token is None:
            # Quotation marks do not pair up: from here on a tag ends at the first ">", or each would be read to the end.
            tag = _SIMPLE_TAG
            token = _markup(source, start, tag) or Token("other", start, len(source))
        yield token
        at = token.end
        if token.kind == "start" and token.name in html_names().raw:
            end = _raw_end(source, at, token.name)
            if end > at:
                yield Token("other", at, end)
            at = end


def _markup(source: str, start: int, tag: re.Pattern[str]) -> Token | None:
    if source.startswith("<!--", start):
        end = source.find("-->", start + 2)
        return Token("other", start, end + 3 if end >= 0 else len(source))
    if source[start + 1] in "!?" or source[start + 1 : start + 3] in {"/!", "/?"}:
        return Token("other", start, source.find(">", start) + 1)
    match = tag.match(source, start)
    if match is None:
        return None
    kind = "end" if match.group(1) else "start"
    return Token(kind, start, match.end(), match.group(2).lower(), match.group(3))


def _raw_end(source: str, at: int, name: str) -> int:
    """Give where the end tag of a raw element begins, or the end of the source."""
    match = re.compile(rf"</{re.escape(name)}(?=[\s/>])", re.IGNORECASE).search(source, at)
    return match.start() if match else len(source)

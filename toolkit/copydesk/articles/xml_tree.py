"""The UTF-8 of an XML document in, its elements out, as far as it is well-formed; nothing that a DOCTYPE declares is obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from xml.parsers import expat

from copydesk.articles.streams import InputFault

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_RAW = frozenset({"script", "style"})
_BUFFER = 1 << 17
_ELEMENTS = 1_000_000  # some 150 MB of memory


class Element:
    """An element: its tag as ``namespace}name``, attributes, the text before its first child, and that after itself."""

    __slots__ = ("attributes", "children", "tag", "tail", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""
        self.tail = ""
        self.children: list[Element] | None = None  # most have none

    def get(self, name: str) -> str | None:
        """Give the value of an attribute."""
        return self.attributes.get(name)

    def all_text(self) -> str:
        """Give all text within, without markup."""
        return "".join(self._texts()) if self.children else self.text

    def inner_html(self) -> str:
        """Give what is within as HTML, without namespaces."""
        return _escaped(self.text) + "".join(piece for child in self.children or () for piece in child._html())

    def _texts(self) -> Iterator[str]:
        yield self.text
        for child in self.children or ():
            yield from child._texts()
            yield child.tail

    def _html(self) -> Iterator[str]:
        name = self.tag.rpartition("}")[2]
        stated = "".join(f' {key}="{escape(value)}"' for key, value in self.attributes.items() if "}" not in key)
        yield f"<{name}{stated}>"
        yield self.text if name.lower() in _RAW else _escaped(self.text)
        for child in self.children or ():
            yield from child._html()
        if name.lower() not in _VOID or self.children or self.text:
            yield f"</{name}>"
        yield _escaped(self.tail)


def parse(source: bytes, *, max_depth: int, whole: frozenset[str]) -> tuple[Element | None, str]:
    """Give the root, and why the document is not well-formed from some place on; empty where it is.

    Of elements whose local name is in ``whole``, one that has not ended there is left out.
    Raises InputFault for a DOCTYPE, for elements nested deeper than ``max_depth``, and for more than a million of them.
    """
    tree = _Tree(max_depth)
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.buffer_size = _BUFFER
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.pieces.append
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(source, True)
    except expat.ExpatError as error:
        tree.leave_out(whole)
        return tree.root(), str(error)
    return tree.root(), ""


class _Tree:
    """The elements so far: those that have not ended yet, and the pieces of the text that is being read."""

    def __init__(self, max_depth: int) -> None:
        self._open = [Element("", {})]
        self._max_depth = max_depth
        self._left = _ELEMENTS
        self.pieces: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.pieces:
            self._flush()
        element = Element(tag, attributes)
        outer = self._open[-1]
        if outer.children is None:
            outer.children = [element]
        else:
            outer.children.append(element)
        self._open.append(element)
        self._left -= 1
        if len(self._open) > self._max_depth:
            what = f"elements are nested deeper than the limit of {self._max_depth}"
            raise InputFault("too-deep", f"{what} (fix: if it is a feed at all, raise [ingest] max_depth)")
        if self._left < 0:
            raise InputFault("too-many", f"there are more than {_ELEMENTS:,} elements (fix: split the feed)")

    def end(self, _: str) -> None:
        if self.pieces:
            self._flush()
        self._open.pop()

    def root(self) -> Element | None:
        return next(iter(self._open[0].children or ()), None)

    def leave_out(self, whole: frozenset[str]) -> None:
        """Take away the outermost of the elements that must be whole and have not ended."""
        for outer, inner in pairwise(self._open):
            if inner.tag.rpartition("}")[2].lower() in whole:
                outer.children = (outer.children or [])[:-1]
                return

    def _flush(self) -> None:
        """Give the text to the element that it stands in, or after."""
        text = "".join(self.pieces)
        self.pieces.clear()
        element = self._open[-1]
        if element.children:
            element.children[-1].tail = text
        else:
            element.text = text


def _refuse(*_: object) -> None:
    raise InputFault("xml-entities", "a DOCTYPE stands where it cannot be taken away (fix: take it away)")


def _escaped(text: str) -> str:
    return escape(text, quote=False)

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
    Raises InputFault for a DOCTYPE, and for elements nested deeper than ``max_depth``.
    """
    above = Element("", {})
    open_elements = [above]
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.buffer_size = _BUFFER

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes)
        outer = open_elements[-1]
        if outer.children is None:
            outer.children = [element]
        else:
            outer.children.append(element)
        open_elements.append(element)
        if len(open_elements) > max_depth:
            what = f"elements are nested deeper than the limit of {max_depth}"
            raise InputFault("too-deep", f"{what} (fix: if it is a feed at all, raise [ingest] max_depth)")

    def end(_: str) -> None:
        open_elements.pop()

    def characters(text: str) -> None:
        element = open_elements[-1]
        if element.children:
            element.children[-1].tail += text
        else:
            element.text += text

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(source, True)
    except expat.ExpatError as error:
        for outer, inner in pairwise(open_elements):
            if inner.tag.rpartition("}")[2].lower() in whole:
                outer.children = (outer.children or [])[:-1]
                break
        return next(iter(above.children or ()), None), str(error)
    return next(iter(above.children or ()), None), ""


def _refuse(*_: object) -> None:
    raise InputFault("xml-entities", "a DOCTYPE stands where it cannot be taken away (fix: take it away)")


def _escaped(text: str) -> str:
    return escape(text, quote=False)

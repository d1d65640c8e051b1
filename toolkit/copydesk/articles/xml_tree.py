"""The UTF-8 of an XML document in, its elements out, as far as it is well-formed; nothing that a DOCTYPE declares is obeyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from itertools import pairwise
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from copydesk.articles.streams import InputFault

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_RAW = frozenset({"script", "style"})
_BUFFER = 1 << 17
_PIECE = 1 << 20  # bytes, as pyexpat parts them itself: what is nested in one takes less memory than all elements may
_ELEMENTS = 1_000_000  # some 300 MB of memory at the most
_SHORTEST = len("<a/>")


def all_text(element: Element) -> str:
    """Give all text within, without markup."""
    return "".join(element.itertext()) if len(element) else element.text or ""


def inner_html(element: Element) -> str:
    """Give what is within as HTML, without namespaces."""
    return _escaped(element.text) + "".join(piece for child in element for piece in _html(child))


def _html(element: Element) -> Iterator[str]:
    name = element.tag.rpartition("}")[2]
    stated = "".join(f' {key}="{escape(value)}"' for key, value in element.items() if "}" not in key)
    yield f"<{name}{stated}>"
    yield (element.text or "") if name.lower() in _RAW else _escaped(element.text)
    for child in element:
        yield from _html(child)
    if name.lower() not in _VOID or len(element) or element.text:
        yield f"</{name}>"
    yield _escaped(element.tail)


def parse(source: bytes, *, max_depth: int, whole: frozenset[str]) -> tuple[Element | None, str]:
    """Give the root, and why the document is not well-formed from some place on; empty where it is.

    Tags and attributes are named ``namespace}name``. Of elements whose local name is in ``whole``, one that has not ended there
    is left out. Raises InputFault for a DOCTYPE, for elements nested deeper than ``max_depth``, and for more than a million of them.
    """
    # expat calls the builder, both in C: a call of Python for each element would take as long as all the rest.
    tree = TreeBuilder()
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.buffer_size = _BUFFER
    parser.StartElementHandler = tree.start if len(source) <= _ELEMENTS * _SHORTEST else _counted(tree)
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.data
    parser.StartDoctypeDeclHandler = _refuse
    fault = ""
    try:
        rest = 0
        while len(source) - rest > _PIECE:
            parser.Parse(source[rest : rest + _PIECE], False)
            rest += _PIECE
            _check_last(tree.close(), max_depth)
        parser.Parse(source[rest:] if rest else source, True)  # all in one is faster by a third
    except expat.ExpatError as error:
        fault = str(error)
        unended = _end_all(tree)
    root: Element | None = tree.close()
    if root is not None:
        _check_depth(root, max_depth)
        if fault:
            _leave_out(unended, whole)
    return root, fault


def _counted(tree: TreeBuilder) -> Callable[[str, dict[str, str]], object]:
    """Begin elements as the builder does, but no more than the limit."""
    left = _ELEMENTS

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise InputFault("too-many", f"there are more than {_ELEMENTS:,} elements (fix: split the feed)")
        tree.start(tag, attributes)

    return start


def _end_all(tree: TreeBuilder) -> list[Element]:
    """End what has not ended, and give it from the inside out."""
    unended: list[Element] = []
    while True:
        try:
            unended.append(tree.end(""))
        except IndexError:  # how it says that nothing is left
            return unended


def _check_last(root: Element | None, max_depth: int) -> None:
    """See how deep the last element is, while there is more to come."""
    depth, element = 0, root
    while element is not None:
        depth += 1
        if depth > max_depth:
            raise _too_deep(max_depth)
        element = element[-1] if len(element) else None


def _check_depth(root: Element, max_depth: int) -> None:
    """See how deep all elements are, level by level."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > max_depth:
            raise _too_deep(max_depth)
        level = [child for one in level if len(one) for child in one]


def _too_deep(max_depth: int) -> InputFault:
    what = f"elements are nested deeper than the limit of {max_depth}"
    return InputFault("too-deep", f"{what} (fix: if it is a feed at all, raise [ingest] max_depth)")


def _leave_out(unended: list[Element], whole: frozenset[str]) -> None:
    """Take away the outermost of the elements that must be whole and have not ended."""
    for inner, outer in reversed(list(pairwise(unended))):
        if inner.tag.rpartition("}")[2].lower() in whole:
            outer.remove(inner)
            return


def _refuse(*_: object) -> None:
    raise InputFault("xml-entities", "a DOCTYPE stands where it cannot be taken away (fix: take it away)")


def _escaped(text: str | None) -> str:
    return escape(text, quote=False) if text else ""

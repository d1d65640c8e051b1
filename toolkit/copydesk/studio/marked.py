"""The examples of guidelines, as the annotators' instructions show them: the words framed in the label's colour, the label behind."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from copydesk.model.guidelines import Example, Mark, Said, read_example
from copydesk.model.schema import Label

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

_RULE = "copydesk_mark"


def colours(labels: Iterable[Label]) -> str:
    """Give the style sheet that frames marks in their labels' colours: Label Studio takes styles of single elements out."""
    return "\n".join(f".copydesk-guidelines .copydesk-{one.name} {{ border-color: {one.colour}; }}" for one in labels)


def with_marks(renderer: MarkdownIt) -> MarkdownIt:
    """Teach a reader of Markdown to show marks."""

    def rule(state: StateInline, silent: bool) -> bool:
        example = read_example(state.src)
        mark = next((one for one in example.marks if one.opens == state.pos), None)
        if mark is not None:
            return _show(state, example, mark, silent=silent)
        said = next((one for one in example.said if one.opens == state.pos), None)
        return said is not None and _tell(state, said, silent=silent)

    def opened(tokens: list[Any], number: int, *_: object) -> str:
        meta = tokens[number].meta
        kind = "not" if meta["negative"] else meta["label"]
        return f'<span class="copydesk-mark copydesk-{escape(kind)}">'

    renderer.inline.ruler.before("link", _RULE, rule)
    rules: dict[str, Any] = renderer.renderer.rules  # type: ignore[attr-defined]
    rules["copydesk_open"] = opened
    rules["copydesk_close"] = lambda tokens, number, *_: f" <b>{escape(tokens[number].content)}</b></span>"
    rules["copydesk_said"] = lambda tokens, number, *_: f"<b>{escape(tokens[number].content)}</b>"
    return renderer


def _show(state: StateInline, example: Example, mark: Mark, *, silent: bool) -> bool:
    if not silent:
        opened = state.push("copydesk_open", "span", 1)
        opened.meta = {"label": mark.label, "negative": mark.negative}
        last, state.pos, state.posMax = state.posMax, mark.opens + 1, mark.closes
        state.md.inline.tokenize(state)
        state.posMax = last
        state.push("copydesk_close", "span", -1).content = _told(example, mark)
    state.pos = mark.ends
    return True


def _tell(state: StateInline, said: Said, *, silent: bool) -> bool:
    if not silent:
        values = ", ".join(f"{name}: {value}" for name, value in said.values)
        state.push("copydesk_said", "b", 0).content = values
    state.pos = said.ends
    return True


def _told(example: Example, mark: Mark) -> str:
    """Say what the braces say, with the words of a relation's tail in the place of its mark."""
    if mark.negative:
        return f"not {mark.label}" if mark.label else "not marked"
    words = {one.mark: example.surface(one) for one in example.marks}
    parts = [f"{name}: {value}" for name, value in mark.attributes]
    parts += [f"{name} → {words.get(tail, tail)}" for name, tail in mark.relations]
    return mark.label + (f" ({', '.join(parts)})" if parts else "")

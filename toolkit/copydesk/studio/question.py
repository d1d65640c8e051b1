"""A conflict and the text around it go in; what an adjudicator is shown comes out: HTML in which every text stands as text.

What people and articles wrote is escaped, sign by sign. Signs that turn the direction of writing or cannot be seen are named
(``U+202E``), since nobody could otherwise judge where a reading ends; each reading is isolated from what surrounds it.
"""

from __future__ import annotations

import html
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from copydesk.studio.interface import style_sheet

OUTCOMES = ("A", "B", "both", "neither", "send_back")
CAUSES = ("annotator_error", "guideline_gap", "ambiguous_text")
DECISION, CAUSE, COMMENT = "decision", "cause", "note"  # the controls of the configuration
NOTHING = "nothing here"
INSTRUCTIONS = (
    "<p>Two readings of a passage, in no order and of nobody's name. Decide by one key: <b>1</b> A, <b>2</b> B, <b>3</b> both, "
    "<b>4</b> neither, <b>5</b> send it back. Then, if you like, why: <b>q</b> somebody's slip, <b>w</b> the guidelines do not "
    "tell, <b>e</b> the text can be read both ways. <b>Ctrl+Enter</b> submits.</p>"
)
_MOST_SHOWN = 120  # characters of a reading's words in an option
_SAYS = {
    "label": "Which label?",
    "boundary": "Where does it begin and end?",
    "existence": "Is it to be marked?",
    "relation": "Which relation holds?",
    "category": "What is the {name} of the document?",
    "suspect": "Which holds here?",
}
_KEYS = {"A": "1", "B": "2", "both": "3", "neither": "4", "send_back": "5"}
_CAUSE_KEYS = dict(zip(CAUSES, "qwe", strict=True))

_Reading = Mapping[str, Any]


def conflict_config() -> str:
    """Make the labelling configuration (XML) of the project in which conflicts are decided.

    Keys of a task's data that it needs: ``context_html``, ``question``, ``opt_a`` and ``opt_b``.
    """
    root = ET.Element("View")
    ET.SubElement(root, "Style").text = style_sheet("conflict.css")
    context = ET.SubElement(root, "View", className="copydesk-context")
    ET.SubElement(context, "HyperText", name="ctx", value="$context_html", inline="true")
    ET.SubElement(root, "Header", value="$question", size="4")
    # a choice does not take its words from the task's data: it would show "$opt_a"
    options = ET.SubElement(root, "View", className="copydesk-options")
    for letter in "ab":
        ET.SubElement(options, "HyperText", name=f"option_{letter}", value=f"$opt_{letter}", inline="true")
    asked = ET.SubElement(
        root, "Choices", name=DECISION, toName="ctx", choice="single", required="true", showInline="true"
    )
    for outcome in OUTCOMES:
        ET.SubElement(asked, "Choice", value=outcome, hotkey=_KEYS[outcome])
    causes = ET.SubElement(root, "Choices", name=CAUSE, toName="ctx", choice="single", showInline="true")
    for cause in CAUSES:
        ET.SubElement(causes, "Choice", value=cause, hotkey=_CAUSE_KEYS[cause])
    why = "why (it is kept with the decision)"
    ET.SubElement(root, "TextArea", name=COMMENT, toName="ctx", rows="1", maxSubmissions="1", placeholder=why)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def question_data(conflict: Mapping[str, Any], text: str, *, context: tuple[int, int]) -> dict[str, str]:
    """Make what the configuration shows of a conflict; ``context`` is the part of the text that is shown around it."""
    readings: Sequence[_Reading] = conflict["readings"]
    others = [one for one in readings if not one["option"]]
    question = _SAYS.get(conflict["kind"], "Which reading holds?").format(name=conflict["name"])
    if others:
        question += (
            f" Others say: {'; '.join(_in_words(one) for one in others)} (asked for next where neither is right)."
        )
    options = {
        f"opt_{letter.lower()}": _option(letter, [one for one in readings if one["option"] == letter])
        for letter in "AB"
    }
    return {"context_html": _context(conflict, text, context), "question": seen(question), **options}


def _option(letter: str, readings: Sequence[_Reading]) -> str:
    said = " and ".join(f"<bdi>{shown(_in_words(one))}</bdi>" for one in readings) or NOTHING
    return f'<div><span class="copydesk-{letter.lower()}"><b>{letter}</b> {said}</span></div>'


def _in_words(reading: _Reading) -> str:
    """Say a reading: its label and words, of a relation both ends, of a category its value."""
    if reading["tail_start"] is not None:
        head, tail = _cut(reading["surface"]), _cut(reading["tail_surface"])
        return f"{head} \u2014{reading['label']}\u2192 {tail}"
    if reading["start"] == reading["end"]:
        return str(reading["label"])
    return f"{reading['label']}: {_cut(reading['surface'])}"


def _cut(words: str) -> str:
    if len(words) <= _MOST_SHOWN:
        return f"\u201c{words}\u201d"
    half = _MOST_SHOWN // 2
    return f"\u201c{words[:half]} \u2026 {words[-half:]}\u201d"


def _context(conflict: Mapping[str, Any], text: str, context: tuple[int, int]) -> str:
    """Write the context with every reading marked where it stands."""
    low, high = context
    marks = [(start, end, one["option"]) for one in conflict["readings"] for start, end in _places(one)]
    cuts = sorted({low, high, *(at for start, end, _ in marks for at in (start, end) if low < at < high)})
    parts = ["\u2026 " if low else ""]
    for start, end in pairwise(cuts):
        names = sorted({option for first, last, option in marks if first <= start and end <= last})
        words = shown(text[start:end])
        classes = " ".join(f"copydesk-{name.lower() or 'other'}" for name in names)
        parts.append(f'<span class="{classes}"><bdi>{words}</bdi></span>' if names else f"<bdi>{words}</bdi>")
    return f"<div>{''.join(parts)}{' …' if high < len(text) else ''}</div>"


def _places(reading: _Reading) -> list[tuple[int, int]]:
    places = [(reading["start"], reading["end"])]
    if reading["tail_start"] is not None:
        places.append((reading["tail_start"], reading["tail_end"]))
    return places


def shown(text: str) -> str:
    """Give a text as HTML that shows just this text, whatever it says."""
    return "".join(map(_sign, text))


def _sign(sign: str) -> str:
    if sign == "\n":
        return "<br>"
    if _is_hidden(sign):
        return f'<span class="copydesk-hidden">U+{ord(sign):04X}</span>'
    return html.escape(sign)


def seen(text: str) -> str:
    """Give a text in which signs that cannot be seen are named, for a place that takes no HTML."""
    return "".join(f"U+{ord(sign):04X}" if _is_hidden(sign) else sign for sign in text.replace("\n", " "))


def _is_hidden(sign: str) -> bool:
    # joiners make one sign of several in many scripts and in emoji: they do not turn the direction
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and sign not in "\t\u200c\u200d"

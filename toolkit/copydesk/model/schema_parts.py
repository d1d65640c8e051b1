"""What a labelling schema is made of: labels, relation types, and what may be said of a span or of a document."""

from __future__ import annotations

from dataclasses import dataclass

OVERLAPS = ("none", "nested", "any")
KINDS = ("choice", "choices", "text", "number", "date", "datetime", "timex", "rating", "taxonomy")
WRITTEN = frozenset({"text", "timex"})  # in a text area
CHOSEN = frozenset({"choice", "choices", "taxonomy"})
RESERVED_HOTKEYS = frozenset({"u", "enter", "escape", "backspace"})
GROUP = "entity"  # of labels that name no group of their own


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of span. ``hotkey`` is one key, or empty; ``colour`` is ``#rrggbb``; labels of one ``group`` stand together on the screen."""

    name: str
    definition: str
    hotkey: str
    colour: str
    group: str = GROUP


@dataclass(frozen=True, slots=True)
class RelationType:
    """A kind of relation between two spans; ``heads`` and ``tails`` are the labels it may join (empty: any)."""

    name: str
    definition: str
    heads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Attribute:
    """What may be said of one span, or of a whole document; ``kind`` is one of ``KINDS``.

    ``choices`` (name and hotkey, which may be empty) belong to ``choice``, ``choices`` (several of them) and ``taxonomy``, whose
    names are paths such as ``Conflict/Siege``. ``labels`` are the labels that it applies to (empty: all). ``pattern`` is a regular
    expression for text and for ``timex``, the value of a date or time as in TIMEX3. ``required`` is for what is said of a document.
    """

    name: str
    definition: str
    kind: str
    labels: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    placeholder: str = ""
    pattern: str = ""
    required: bool = False

    @property
    def is_several(self) -> bool:
        """Whether more than one value may be given."""
        return self.kind in {"choices", "taxonomy", "text"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a label, a relation or a choice (``attribute.choice``) is called in another schema; nothing where it has no counterpart."""

    name: str
    target: str
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """How events are put together: the group of labels that trigger one, the relations that lead to arguments, and two others.

    ``same`` joins triggers of one event, ``part`` leads from an event to the one that it is a part of, ``time`` is the role that says
    when; all three may be empty.
    """

    triggers: str
    roles: tuple[str, ...]
    same: str = ""
    part: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """How claims are put together: the labels of claims and of what is said, and the relations among them; all but ``claim``
    may be empty.

    ``source_of`` and ``cue_of`` lead to what is said, or to a claim; the attribute ``source_name`` says which source it is.
    """

    claim: str
    content: str = ""
    source_of: str = ""
    cue_of: str = ""
    contradicts: str = ""
    supports: str = ""
    same: str = ""
    source_name: str = ""

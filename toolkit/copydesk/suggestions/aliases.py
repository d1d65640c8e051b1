"""Surfaces of labels and the schema's names go in, which of them name one thing comes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from copydesk.suggestions.names import Name, with_variants
from copydesk.suggestions.variants import variants


def aliases(surfaces: Iterable[str], names: Sequence[Name]) -> dict[str, str]:
    """Give each surface the main spelling of what it names; ``surfaces`` come with the main ones first, as the commonest.

    Names of the list that share their canonical form and label are one thing, called as the first of them, with all the ways to
    write them. Any other surface is one with those that are written as it is but for one such way.
    """
    first: dict[tuple[str, str], str] = {}
    for name in names:
        first.setdefault((name.canonical, name.label), name.surface)
    main = {surface: first[name.canonical, name.label] for surface, name in with_variants(names).items()}
    found: dict[str, str] = {}
    for surface in surfaces:
        if surface in main:
            found[surface] = main[surface]
            continue
        others = variants(surface)
        found[surface] = next((main[one] for one in others if one in main), surface)
        for one in (surface, *others):
            main.setdefault(one, found[surface])
    return found

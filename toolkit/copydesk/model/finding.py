"""One thing that is wrong in a project or a workspace, as ``copydesk doctor`` says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: a code for programs, how often, one example, and what mends it. ``fixed`` says what ``--fix`` did."""

    code: str
    count: int
    example: str
    mend: str
    fixed: str = ""


@dataclass(slots=True)
class Gathered:
    """Findings while they are gathered: of each code the number, the first example, and the ids that a repair needs.

    ``numbers`` gives, by id, what a repair sets where that is not the same for all.
    """

    mends: dict[str, str]
    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    ids: dict[str, list[int]] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)

    def add(self, code: str, example: str, *, item: int | None = None) -> None:
        """Note one more of a code."""
        self.counts[code] = self.counts.get(code, 0) + 1
        self.examples.setdefault(code, example)
        if item is not None:
            self.ids.setdefault(code, []).append(item)

    def findings(self) -> Iterator[Finding]:
        """Give a finding for each code that was noted, in the order in which the codes are listed."""
        for code, mend in self.mends.items():
            if code in self.counts:
                yield Finding(code, self.counts[code], self.examples[code], mend)


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Make one finding of those of several projects that have a code and an outcome in common, in the order of the first."""
    found: dict[tuple[str, bool], Finding] = {}
    for one in findings:
        key = one.code, bool(one.fixed)
        before = found.get(key)
        fixed = "; ".join(filter(None, [before.fixed if before else "", one.fixed]))
        found[key] = replace(before, count=before.count + one.count, fixed=fixed) if before else one
    return list(found.values())

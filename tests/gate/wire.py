"""Wire copy as papers print it, drawn from real articles: each variant knows the story that it was made of."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
LEAST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Printed:
    """One article, the story that it tells, and how its text was made."""

    story: int
    how: str
    text: str


def articles() -> list[str]:
    """The bodies of the real articles, without those that are too short to be cut."""
    files = [
        path for path in sorted((ROOT / "seeds").glob("*.txt")) if not path.stem.endswith(("-corrected", "-courier"))
    ]
    seeds = [path.read_text("utf-8") for path in files]
    re3d = [row["text"] for path in sorted((DATA / "re3d").glob("*/documents.json")) for row in _rows(path)]
    gum = [_paragraphs(path.read_text("utf-8")) for path in sorted((DATA / "gum-wikinews" / "xml").glob("*.xml"))]
    return [text for text in (*seeds, *re3d, *gum) if len(text.split()) >= LEAST_WORDS]


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _paragraphs(page: str) -> str:
    """The text of one of GUM's pages, which have a token a line."""
    parts = re.findall(r"<p\b[^>]*>(.*?)</p>", page, flags=re.DOTALL)
    tokens = [
        [line.split("\t")[0] for line in part.splitlines() if line.strip() and not line.startswith("<")]
        for part in parts
    ]
    return "\n\n".join(" ".join(words) for words in tokens)


def paragraph(draw: random.Random, filler: Sequence[str]) -> str:
    """A paragraph that no other article has: the words of one, in another order."""
    words = draw.choice(filler).split()
    draw.shuffle(words)
    return " ".join(words)


def cut(text: str, draw: random.Random, filler: Sequence[str]) -> str:
    """The beginning of it: as much as there was room for."""
    words = re.findall(r"\S+\s*", text)
    return "".join(words[: max(30, int(len(words) * draw.uniform(0.3, 0.8)))]).strip()


def lead(text: str, draw: random.Random, filler: Sequence[str]) -> str:
    """A lead of the paper's own in place of the agency's."""
    paragraphs = text.split("\n\n")
    own = paragraph(draw, filler)
    return "\n\n".join([own, *paragraphs[1:]] if len(paragraphs) > 2 else [own, *paragraphs])


def extended(text: str, draw: random.Random, filler: Sequence[str]) -> str:
    """Paragraphs of the paper's own put in between."""
    paragraphs = text.split("\n\n")
    for _ in range(draw.randint(1, 3)):
        paragraphs.insert(draw.randint(1, len(paragraphs)), paragraph(draw, filler))
    return "\n\n".join(paragraphs)


def dressed(text: str, draw: random.Random, filler: Sequence[str]) -> str:
    """Another headline, byline and closing line."""
    headline = " ".join(draw.choice(filler).split()[: draw.randint(5, 11)])
    byline = draw.choice(["By our correspondent", "Northern Wire Agency", "Staff and agencies", "By A. Writer, NWA"])
    closing = draw.choice(["", "\n\nNWA", "\n\nWith files from the newsroom", "\n\nRead more in our Sunday edition"])
    return f"{headline}\n\n{byline}\n\n{text}{closing}"


def scanned(text: str, draw: random.Random, filler: Sequence[str]) -> str:
    """Read by a machine from paper: one word in thirty is read wrong, joined to the next, or broken by a hyphen."""
    words = re.split(r"(\s+)", text)
    for at in range(0, len(words), 2):
        if len(words[at]) > 3 and draw.random() < 1 / 30:
            words[at] = _misread(words[at], draw)
    return "".join(words)


def _misread(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    return draw.choice(
        [word[:at] + draw.choice("ilrnmcoe") + word[at + 1 :], word[:at] + word[at + 1 :], f"{word[:at]}- {word[at:]}"]
    )


WAYS: dict[str, Callable[[str, random.Random, Sequence[str]], str]] = {
    "cut": cut, "lead": lead, "extended": extended, "dressed": dressed, "scanned": scanned,
}  # fmt: skip
TOGETHER = (("dressed",), ("cut",), ("lead",), ("extended",), ("scanned",), ("cut", "dressed"), ("lead", "dressed"),
            ("extended", "dressed"), ("cut", "lead"), ("scanned", "dressed"), ("cut", "scanned"), ("extended", "lead"))  # fmt: skip


def printed(*, seed: int) -> list[Printed]:
    """Draw a corpus: of every second article up to eight variants, the others' paragraphs being what papers add.

    A third of the stories have no copy, as have all the articles that paragraphs were taken of.
    """
    draw = random.Random(seed)
    everything = articles()
    draw.shuffle(everything)
    stories, others = everything[::2], everything[1::2]
    filler = [part for text in others[::2] for part in text.split("\n\n") if 12 <= len(part.split()) <= 90]
    made = [Printed(len(stories) + number, "alone", text) for number, text in enumerate(others[1::2])]
    for story, text in enumerate(stories):
        made.append(Printed(story, "as sent", text))
        for how in draw.sample(TOGETHER, draw.choice([0, 1, 4, 8]) if story % 3 else 0):
            version = text
            for way in how:
                version = WAYS[way](version, draw, filler)
            made.append(Printed(story, " + ".join(how), version))
    draw.shuffle(made)
    return made

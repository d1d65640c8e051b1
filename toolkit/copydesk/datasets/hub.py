"""What a data card tells the Hugging Face Hub in the Hub's own terms: licence, languages, size and tasks."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from copydesk.datasets.about import About

# By the number of digits: below a thousand, below ten thousand, and so on.
_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B")
_SUFFIXES = ("", "-1.0", "-only", "-or-later")  # of SPDX identifiers that the Hub leaves out


def hub_terms(about: About, *, documents: int) -> dict[str, Any]:
    """Give the entries of a card's head that the Hub filters data sets by; ``documents`` is their number."""
    languages = list(dict.fromkeys(tag.split("-")[0].lower() for tag in about.language))
    tags = list(about.language)
    tasks = {"token-classification": about.schema.labels, "text-classification": about.schema.categories}
    return {
        "language": languages,
        **({"language_details": tags} if tags != languages else {}),
        **_licence(about.licence),
        "size_categories": [_SIZES[min(max(len(str(documents)) - 3, 0), len(_SIZES) - 1)]],
        "task_categories": [task for task, declared in tasks.items() if declared],
    }


def _licence(licence: str) -> dict[str, str]:
    """The Hub's identifier of a licence (https://huggingface.co/docs/hub/repositories-licenses), or "other" with a name."""
    known = resources.files(__package__).joinpath("hub-licences.txt").read_text("utf-8").split()
    plain = licence.lower()
    for suffix in _SUFFIXES:
        if plain.removesuffix(suffix) in known:
            return {"license": plain.removesuffix(suffix)}
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", plain).strip("-")}

"""What is installed goes in; which of it is not what Copydesk was declared to need comes out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import metadata

from copydesk.model.finding import Finding

_TOLD = ("copydesk", "pyarrow", "pandas", "httpx", "label-studio-sdk", "label-studio", "great-expectations")


def versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that matter, those that are installed."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    return found | {name: version for name in _TOLD if (version := installed(name))}


def installed(name: str) -> str:
    """Give the version of a package; empty where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def examine_packages(requirements: Iterable[str]) -> Iterator[Finding]:
    """Check what is installed against requirements as a package declares them; extras that are not installed are left alone."""
    from packaging.requirements import Requirement

    wrong = []
    for text in requirements:
        requirement = Requirement(text)
        version = installed(requirement.name)
        needed = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if needed and not version:
            wrong.append(f"{requirement.name} is not installed, and {requirement.specifier} is needed")
        elif version and not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, and {requirement.specifier} is needed")
    if wrong:
        yield Finding(
            "package", len(wrong), wrong[0], "make install in the checkout, or pip install --upgrade copydesk"
        )

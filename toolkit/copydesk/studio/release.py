"""What a server says of itself goes in; whether Copydesk may work with it comes out.

Everything here was tried against the community edition, release 1.23.2. Older releases have other pages and answers, and the
Enterprise edition takes imports at a later time than it answers, which would make a push count wrong: both are refused, unless
the settings say that an untested server is wanted. Newer releases of the community edition are taken.
"""

from __future__ import annotations

import re
from typing import Any

from copydesk.errors import StudioUntested
from copydesk.studio.client import Studio

OLDEST = (1, 23)
TRIED = "1.23.2"
_COMMUNITY = "community"


def check_release(studio: Studio, *, untested: bool) -> dict[str, Any]:
    """Refuse a server that is older than the one that was tried, or of another edition; gives what it says of itself.

    ``untested`` lets any Label Studio pass. Raises StudioUntested, and the other ``errors.Studio*``.
    """
    about = studio.about()
    fault = fault_of(about)
    if fault and not untested:
        raise StudioUntested(f"{studio.url} {fault[0]}", fix=fault[1])
    return about


def fault_of(about: dict[str, Any]) -> tuple[str, str] | None:
    """Say what is wrong with a server, and the fix; None where it may be worked with."""
    release, edition = str(about["release"]), str(about.get("edition") or _COMMUNITY)
    anyway = "to try it all the same, set [studio] untested = true"
    if edition.lower() != _COMMUNITY:
        return (
            f"is Label Studio's {edition} edition, with which Copydesk was never tried",
            f"use a community server; {anyway}",
        )
    if not is_at_least(release, OLDEST):
        least = ".".join(map(str, OLDEST))
        return f"is Label Studio {release}, and Copydesk needs {least} or newer", f"upgrade it; {anyway}"
    return None


def is_at_least(release: str, least: tuple[int, ...]) -> bool:
    """Compare the numbers of a release, such as ``1.23.2`` or ``1.23.0.post1``; what begins with no number is too old."""
    numbers = re.match(r"\d+(?:\.\d+)*", release.strip())
    return numbers is not None and tuple(map(int, numbers[0].split("."))) >= least

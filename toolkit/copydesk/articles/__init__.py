"""Files in, articles out: what was scraped, read as it is, with its encoding and where it came from.

Every file that is read becomes a row of ``articles``; a file that cannot be used is a row of ``rejected`` besides.
**A row of ``articles`` was kept if, and only if, its ``encoding`` is filled**; ``accepted`` gives those rows.
"""

from __future__ import annotations

from copydesk.articles.find import Found, find_files
from copydesk.articles.read import Limits, accepted, read_articles

__all__ = ["Found", "Limits", "accepted", "find_files", "read_articles"]

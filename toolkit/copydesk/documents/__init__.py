"""Articles in, documents out: canonical text with every edit recorded, and its zones.

::

    decoded article ─► draft (html_*: the blocks of a page that are the article) ─► canonical ─► blocks ─► zones, quotes

``RECIPE`` names these rules and their version: it changes with every change that could give an article another text or zones.
"""

from __future__ import annotations

from copydesk.documents.build import RECIPE, build_documents

__all__ = ["RECIPE", "build_documents"]

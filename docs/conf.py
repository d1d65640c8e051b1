"""How Sphinx builds the site: MyST reads the pages, Furo draws them, and nothing is loaded from another machine."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Copydesk"
author = "Copydesk maintainers"
release = installed("copydesk")

extensions = ["myst_parser", "from_code"]
exclude_patterns = ["site"]
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = f"Copydesk {release}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["assets"]
html_css_files = ["site.css"]

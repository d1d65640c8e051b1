"""A version that is being published goes in, the pictures of its card come out: the charts of its page, as files."""

from __future__ import annotations

from pathlib import Path

from copydesk.datasets.content import Content, Step
from copydesk.datasets.pictures import Draw, Picture, no_pictures
from copydesk.datasets.profile import profile
from copydesk.flow.version_charts import version_charts
from copydesk.report.charts import svg_file
from copydesk.workspace import Workspace


def drawing(workspace: Workspace) -> Draw:
    """Give what draws the pictures of the workspace's versions, as its settings want it."""
    return pictures if workspace.settings.publish.pictures else no_pictures


def pictures(place: Path, content: Content, step: Step) -> list[Picture]:
    """Draw the charts of a version whose tables lie in ``place``."""
    changes = step.difference.spans if step.parent else {}
    drawn = version_charts(profile(place), agreement=content.agreement, changes=changes)
    return [Picture(one.name, one.title, one.says, svg_file(one)) for one in drawn]

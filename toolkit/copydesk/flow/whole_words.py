"""Spans as people drew them go in, the same spans on whole words come out, where the settings want it: before all that is measured."""

from __future__ import annotations

import pyarrow as pa

from copydesk.agreement import snap
from copydesk.flow.current import current_documents
from copydesk.model.tables import empty
from copydesk.workspace import Workspace


def on_whole_words(
    workspace: Workspace, spans: pa.Table, documents: pa.Table | None = None
) -> tuple[pa.Table, pa.Table]:
    """Give rows of the table ``spans`` on whole words, and the boundaries that moved (the table ``snapped``).

    ``documents`` holds the texts that they were drawn on; by default they are the newest.
    """
    if not workspace.settings.agree.snap:
        return spans, empty("snapped")
    return snap(spans, documents=current_documents(workspace) if documents is None else documents)

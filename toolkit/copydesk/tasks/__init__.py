"""Documents go in, tasks and suggestions come out: what annotators are shown, before Label Studio has a say in it."""

from copydesk.tasks.build import Left, build_tasks, without_copies
from copydesk.tasks.names import Name, read_names
from copydesk.tasks.revise import CARRIED, unchanged_since, with_carried
from copydesk.tasks.suggest import suggest
from copydesk.tasks.windows import Windows, cut_documents, long_documents, needing_sentences

__all__ = [
    "CARRIED",
    "Left",
    "Name",
    "Windows",
    "build_tasks",
    "cut_documents",
    "long_documents",
    "needing_sentences",
    "read_names",
    "suggest",
    "unchanged_since",
    "with_carried",
    "without_copies",
]

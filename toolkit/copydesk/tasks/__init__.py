"""Documents go in, tasks come out: what annotators are shown, before Label Studio has a say in it."""

from copydesk.tasks.build import Left, build_tasks, without_copies
from copydesk.tasks.revise import CARRIED, unchanged_since, with_carried
from copydesk.tasks.windows import Windows, cut_documents, long_documents, needing_sentences

__all__ = [
    "CARRIED",
    "Left",
    "Windows",
    "build_tasks",
    "cut_documents",
    "long_documents",
    "needing_sentences",
    "unchanged_since",
    "with_carried",
    "without_copies",
]

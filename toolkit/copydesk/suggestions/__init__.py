"""Documents go in, suggestions come out: what annotators correct instead of starting from nothing."""

from copydesk.suggestions.aliases import aliases
from copydesk.suggestions.by_rule import Rules, check_rules
from copydesk.suggestions.calibration import Calibration
from copydesk.suggestions.combine import combine
from copydesk.suggestions.names import Name, read_names
from copydesk.suggestions.suggester import Found, Known, Setup, Suggester, suggester_class
from copydesk.suggestions.times import suggested_times, times
from copydesk.suggestions.when import resolve

__all__ = [
    "Calibration",
    "Found",
    "Known",
    "Name",
    "Rules",
    "Setup",
    "Suggester",
    "aliases",
    "check_rules",
    "combine",
    "read_names",
    "resolve",
    "suggested_times",
    "suggester_class",
    "times",
]

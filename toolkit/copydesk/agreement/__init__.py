"""Labels in, agreed labels out: how far people agree (``measure``), and what holds (``decide``)."""

from copydesk.agreement.classes import measure_categories
from copydesk.agreement.crowd.rule import Rule
from copydesk.agreement.decide import decide
from copydesk.agreement.measure import measure
from copydesk.agreement.snap import snap

__all__ = ["Rule", "decide", "measure", "measure_categories", "snap"]

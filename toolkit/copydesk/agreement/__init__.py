"""Labels in, agreed labels out: how far people agree (``measure``), and what holds (``decide``)."""

from copydesk.agreement.classes import measure_categories
from copydesk.agreement.crowd.rule import Rule
from copydesk.agreement.decide import Bounds, decide
from copydesk.agreement.gold import Gold
from copydesk.agreement.measure import measure
from copydesk.agreement.snap import snap

__all__ = ["Bounds", "Gold", "Rule", "decide", "measure", "measure_categories", "snap"]

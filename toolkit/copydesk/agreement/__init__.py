"""Labels in, agreed labels out: how far people agree (``measure``), and what holds by majority (``decide``)."""

from copydesk.agreement.decide import decide
from copydesk.agreement.measure import measure

__all__ = ["decide", "measure"]

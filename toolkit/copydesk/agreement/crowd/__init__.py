"""What a crowd said in; what holds, how likely, and whom to trust, out."""

from copydesk.agreement.crowd.consensus import METHODS, Consensus, Crowd, Found, Quality, Score, consensus, merge, score
from copydesk.agreement.crowd.dawid_skene import Fitted, Prior, Ratings, dawid_skene

__all__ = [
    "METHODS",
    "Consensus",
    "Crowd",
    "Fitted",
    "Found",
    "Prior",
    "Quality",
    "Ratings",
    "Score",
    "consensus",
    "dawid_skene",
    "merge",
    "score",
]

"""Spans of many people on many texts in, gamma out: agreement on where units are and what they are, with chance taken off."""

from copydesk.agreement.gamma.compute import SAMPLES, Gammas, gammas
from copydesk.agreement.gamma.continua import Dissimilarity, Units, units_of

__all__ = ["SAMPLES", "Dissimilarity", "Gammas", "Units", "gammas", "units_of"]

"""Agreed labels go in, a small model comes out, and what it suggests: a linear-chain conditional random field over words."""

from copydesk.suggestions.tagger.tagger import Tagger, TaggerOptions

__all__ = ["Tagger", "TaggerOptions"]

"""A published version goes in, its labels in another tool's format come out, with a report of what that format cannot hold."""

"""Published data from outside: found in a mirror, in the cache or on the network, and never used unchecked."""

from hrm.data.sources.finder import Found, find, locate

__all__ = ["Found", "find", "locate"]

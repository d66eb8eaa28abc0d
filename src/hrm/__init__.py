"""Rebuild of the Hierarchical Reasoning Model paper (arXiv 2506.21734)."""

__version__ = "0.1.0"

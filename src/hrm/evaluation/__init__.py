"""Accuracy by segments, by difficulty and under halting."""

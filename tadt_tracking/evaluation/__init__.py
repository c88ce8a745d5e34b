"""Evaluation: a client of the core; nothing in the core imports it."""

"""Engines run a network: device, precision and memory layout live here."""

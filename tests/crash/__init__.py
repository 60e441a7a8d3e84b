"""Kills and stops the real processes at every step of commitment, and holds what remains against the oracle."""

"""Policies: what a team wants said and not said, written in TOML."""

"""Scripted calls of two synthetic voices, at least two for every row of behaviours: heard, and passed over."""

"""Phrases: from timed words to flags."""

"""Judging stored calls again, without audio: one (``call``), many (``many``), and what disputes suggest."""

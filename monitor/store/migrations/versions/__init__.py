"""One module per step; see the newest for what changed last."""

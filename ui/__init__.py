"""The agent's desktop: a quiet light, a card that says why, a tray, and a few dialogs."""

"""The agent's desktop without its windows: devices, calls, settings and commands around the one engine."""

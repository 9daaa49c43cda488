"""Where results go: each module writes one format, every file whole or not at all."""

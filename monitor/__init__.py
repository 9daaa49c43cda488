"""The engine, its sources and sinks, and the command line."""

"""The store of calls: SQLite by default, PostgreSQL by URL. See docs/store.md."""

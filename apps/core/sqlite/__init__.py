"""SQLite as Django has it, and writers queue: a database engine, named in settings."""

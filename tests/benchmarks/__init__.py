"""The segment engine measured against its floors: `make bench`, docs/performance.md."""

"""One module per client: its `client()` has `open(endpoint)`, `run(work, begin)` and `close()`.

Each is imported only in that client's own environment.
"""

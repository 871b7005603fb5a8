"""Changes that are made exactly once for as long as a session lives.

May import `_kv`, `_lease`, the private modules beside the rooms, the native module and `errors`.
"""

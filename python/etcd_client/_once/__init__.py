"""Writes that are applied exactly once while a session lives.

May import `_kv`, `_lease`, the private modules beside the rooms, the native module and `errors`.
"""

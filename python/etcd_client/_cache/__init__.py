"""Caches: keys kept up to date in memory by a watch.

May import `_kv`, `_watch`, `errors`, and the loop's primitives.
"""

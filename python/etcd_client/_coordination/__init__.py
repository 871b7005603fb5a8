"""Locks and elections, held by leases.

May import `_lease`, `_kv` and what those may import.
"""

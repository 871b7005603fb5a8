"""Leases that are kept alive in the background, and how their loss is told.

May import the native module, `errors` and `_started`.
"""

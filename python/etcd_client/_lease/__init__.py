"""Leases that are kept alive in the background, and how their loss is reported.

May import the native module, `errors` and `_started`.
"""

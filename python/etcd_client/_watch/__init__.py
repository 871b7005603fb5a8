"""Watches: what goes with the native `Watch`.

May import the native module, `errors` and `enums`.
"""

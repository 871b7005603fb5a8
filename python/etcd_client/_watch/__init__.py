"""Watches: what supplements the native `Watch`.

May import the native module, `errors` and `enums`.
"""

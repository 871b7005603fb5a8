"""Administration that is more than one call: snapshots into files.

May import the native module, `errors` and `_started`.
"""

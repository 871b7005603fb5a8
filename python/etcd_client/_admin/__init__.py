"""Administration beyond single calls: saving snapshots to files.

May import the native module, `errors` and `_started`.
"""

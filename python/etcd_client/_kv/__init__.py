"""Keys and values: conditions on keys, and scans in pages.

May import the native module, `errors` and `enums`.
"""

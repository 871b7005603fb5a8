"""The native module: the classes that do the work, and their documentation."""

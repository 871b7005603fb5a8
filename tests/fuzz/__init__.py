"""Arguments and sequences of calls that nobody thought of; `make fuzz` runs them for long."""

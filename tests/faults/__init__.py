"""Faults made on purpose: what the client promises when servers and networks fail."""

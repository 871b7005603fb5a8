"""Benchmarks: this client side by side with its peers and with a raw-socket floor."""

"""Programs that keep this repository in order; `make` runs them."""

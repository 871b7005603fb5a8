"""Programs of trio and of anyio."""

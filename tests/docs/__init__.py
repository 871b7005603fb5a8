"""Every example in the documentation runs and prints what it says."""

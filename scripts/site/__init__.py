"""The documentation site: what its build needs beside docs/, and a check of it in a browser."""

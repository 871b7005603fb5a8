"""How the cost of an operation grows with the number of tasks, watches, keys and threads."""

"""What people get who install the project, and do not have its repository."""

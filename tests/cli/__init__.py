"""The command line, run as a program against real servers."""

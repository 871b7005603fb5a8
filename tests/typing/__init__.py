"""That the declared types and the documentation are what programs meet at run time."""

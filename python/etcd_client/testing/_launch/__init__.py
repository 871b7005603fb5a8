"""How etcd is found and run: as a local process or in a container.

Imports nothing of this package, and the Docker libraries only where they are needed.
"""

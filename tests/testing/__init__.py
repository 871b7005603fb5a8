"""The servers, clusters and proxies of `etcd_client.testing`, and its pytest plugin."""

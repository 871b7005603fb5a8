"""Programs of users of other clients, on `etcd_client.compat`."""

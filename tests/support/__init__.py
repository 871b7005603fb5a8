"""What the tests need around the client: real etcd servers, faults, certificates, measurements.

Nothing in here imports `etcd_client`: a defect of the client must not hide in its test tools.
"""

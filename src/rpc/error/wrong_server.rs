//! An endpoint that does not lead where it should.

use crate::rpc::error::grpc_status::GrpcStatus;

/// What listens there instead of a member of the cluster.
#[derive(Clone, Debug)]
pub enum WrongServer {
    /// No etcd of the third version; with what it answered.
    NotEtcd(GrpcStatus),
    OtherCluster(OtherCluster),
}

/// A member of another cluster than the one that was met first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherCluster {
    pub endpoint: String,
    pub message: String,
    pub cluster_id: u64,
    pub expected_cluster_id: u64,
}

impl OtherCluster {
    pub fn new(endpoint: &str, cluster_id: u64, expected_cluster_id: u64) -> Self {
        let message = format!(
            "{endpoint} belongs to the cluster {cluster_id:x}, but the one that was met first is \
             {expected_cluster_id:x}"
        );
        Self { endpoint: endpoint.to_owned(), message, cluster_id, expected_cluster_id }
    }
}

impl WrongServer {
    pub fn message(&self) -> &str {
        match self {
            Self::NotEtcd(status) => &status.message,
            Self::OtherCluster(other) => &other.message,
        }
    }

    /// The same as the answer to an RPC, at an endpoint.
    #[must_use]
    pub fn of(self, rpc: &'static str, endpoint: &str) -> Self {
        match self {
            Self::NotEtcd(status) => {
                let message = format!("{endpoint} is no etcd v3 server: {}", status.message);
                Self::NotEtcd(GrpcStatus { message, ..status }.of(rpc, endpoint))
            }
            Self::OtherCluster(_) => self,
        }
    }
}

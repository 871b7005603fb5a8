//! Administration: users and roles, the members of the cluster, and the care of each of them.
//!
//! May import everything of `rpc` but `coordination`.

pub mod auth;
pub mod cluster;
pub mod maintenance;

//! Administration: users and roles, the members of the cluster, and their maintenance.
//!
//! May import everything of `rpc` but `coordination`.

pub mod auth;
pub mod cluster;
pub mod maintenance;
pub mod member_sync;

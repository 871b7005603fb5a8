//! Which cluster the members have to belong to.

use std::sync::atomic::{AtomicU64, Ordering};

/// Not an id of any cluster.
const UNKNOWN: u64 = 0;

/// The id of the cluster that was met first.
#[derive(Default)]
pub struct ClusterIdentity(AtomicU64);

impl ClusterIdentity {
    pub fn is_known(&self) -> bool {
        self.0.load(Ordering::Acquire) != UNKNOWN
    }

    /// Compares an id with that of the cluster, or takes it for that; fails with the id that was
    /// expected.
    pub fn check(&self, id: u64) -> Result<(), u64> {
        match self.0.load(Ordering::Acquire) {
            known if known == id => return Ok(()),
            UNKNOWN => {}
            known => return Err(known),
        }
        match self.0.compare_exchange(UNKNOWN, id, Ordering::AcqRel, Ordering::Acquire) {
            Err(known) if known != id => Err(known),
            _ => Ok(()),
        }
    }

    /// Lets the next answer say which cluster it is.
    pub fn forget(&self) {
        self.0.store(UNKNOWN, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cluster_is_the_right_one() {
        let identity = ClusterIdentity::default();
        assert!(!identity.is_known());
        assert_eq!(identity.check(7), Ok(()));
        assert_eq!(identity.check(7), Ok(()));
        assert_eq!(identity.check(8), Err(7));
        identity.forget();
        assert_eq!(identity.check(8), Ok(()));
    }
}

//! Which guarantees depend on the version of the server.

/// Whether a server of this version reports a watch's progress only after the events up to the
/// reported revision. Before 3.4.25 and 3.5.8, servers report the latest revision at once, even
/// if events are still to come.
pub fn orders_progress(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    match (next(), next(), next()) {
        (3, 4, patch) => patch >= 25,
        (3, 5, patch) => patch >= 8,
        (major, minor, _) => (major, minor) > (3, 5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_since_when_progress_is_in_order() {
        for version in ["3.4.25", "3.4.30", "3.5.8", "3.5.21", "3.6.0", "3.7.0-alpha.0", "4.0.0"] {
            assert!(orders_progress(version), "{version}");
        }
        for version in ["", "3.3.27", "3.4.0", "3.4.24", "3.5.0", "3.5.7", "3.5.7-rc.1", "nonsense"]
        {
            assert!(!orders_progress(version), "{version}");
        }
    }
}

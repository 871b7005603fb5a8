//! Ranges of keys.

/// The range end that stands for "no end".
pub const NO_END: &[u8] = b"\0";

/// A key as messages show it: as Python writes bytes.
pub fn quoted(key: &[u8]) -> String {
    format!("b\"{}\"", key.escape_ascii())
}

/// The key or the range of keys of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    pub key: Vec<u8>,
    /// Empty for a single key.
    pub end: Vec<u8>,
}

impl KeyRange {
    pub fn one(key: Vec<u8>) -> Self {
        Self { key, end: Vec::new() }
    }

    /// All keys that begin with `prefix`; all keys if it is empty.
    pub fn prefix(prefix: Vec<u8>) -> Self {
        let end = prefix_end(&prefix);
        Self { key: first_key(prefix), end }
    }

    /// All keys from `key` to the last key of all.
    pub fn from(key: Vec<u8>) -> Self {
        Self { key: first_key(key), end: NO_END.to_vec() }
    }

    /// The keys from `key` up to, but not including, `end`.
    pub fn between(key: Vec<u8>, end: Vec<u8>) -> Self {
        Self { key: first_key(key), end }
    }

    /// The same keys with a prefix added to each of them; a range without an end ends where the
    /// prefix does.
    #[must_use]
    pub fn below(self, namespace: &[u8]) -> Self {
        // The empty key stays empty, so that the server refuses it.
        if namespace.is_empty() || self.key.is_empty() {
            return self;
        }
        let end = match self.end.as_slice() {
            b"" => Vec::new(),
            NO_END => prefix_end(namespace),
            end => [namespace, end].concat(),
        };
        Self { key: [namespace, &self.key].concat(), end }
    }
}

/// etcd has no empty key, so a range that is to begin with the first key begins with a zero byte.
fn first_key(key: Vec<u8>) -> Vec<u8> {
    if key.is_empty() { vec![0] } else { key }
}

/// The smallest key that is greater than every key with this prefix.
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    match prefix.iter().rposition(|&byte| byte < 0xff) {
        Some(last) => {
            let mut end = prefix[..=last].to_vec();
            end[last] += 1;
            end
        }
        None => NO_END.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_a_prefix_at_its_successor() {
        for (prefix, end) in [
            (&b"/foo/"[..], &b"/foo0"[..]),
            (b"a\xff", b"b"),
            (b"a\xff\xff", b"b"),
            (b"\xff", NO_END),
            (b"\xff\xff", NO_END),
            (b"", NO_END),
        ] {
            assert_eq!(prefix_end(prefix), end, "{prefix:?}");
        }
    }

    #[test]
    fn keeps_ranges_inside_a_namespace() {
        let namespace = b"/app/";
        let end = b"/app0".to_vec();
        let all = KeyRange::prefix(Vec::new()).below(namespace);
        assert_eq!(all, KeyRange { key: b"/app/\0".to_vec(), end: end.clone() });
        let from = KeyRange::from(b"k".to_vec()).below(namespace);
        assert_eq!(from, KeyRange { key: b"/app/k".to_vec(), end: end.clone() });
        let ff = KeyRange::prefix(b"\xff".to_vec()).below(namespace);
        assert_eq!(ff, KeyRange { key: b"/app/\xff".to_vec(), end });
        let empty = KeyRange::one(Vec::new()).below(namespace);
        assert_eq!(empty, KeyRange { key: Vec::new(), end: Vec::new() });
        let one = KeyRange::one(b"k".to_vec()).below(namespace);
        assert_eq!(one, KeyRange { key: b"/app/k".to_vec(), end: Vec::new() });
    }
}

//! Detecting the types of HTTP/2 frames in a byte stream.

const HEAD: usize = 9;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// Which frames were among the bytes that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// A frame that may concern the whole connection.
    pub control: bool,
    /// The beginning or the end of a response.
    pub answer: bool,
}

/// The position in a byte stream of HTTP/2 frames.
#[derive(Default)]
pub struct FrameScan {
    /// How much of the current frame's payload is missing.
    payload: usize,
    head: [u8; HEAD],
    /// How much of its header has been read.
    known: usize,
}

impl FrameScan {
    /// Scans further bytes; returns which frames begin there.
    pub fn scan(&mut self, mut bytes: &[u8]) -> Seen {
        let mut seen = Seen::default();
        loop {
            let skipped = self.payload.min(bytes.len());
            self.payload -= skipped;
            bytes = &bytes[skipped..];
            if bytes.is_empty() {
                return seen;
            }
            let taken = (HEAD - self.known).min(bytes.len());
            self.head[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
            self.known += taken;
            bytes = &bytes[taken..];
            if self.known == HEAD {
                self.known = 0;
                let [a, b, c, kind, ..] = self.head;
                self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
                seen.control |= matches!(kind, SETTINGS | GOAWAY);
                seen.answer |= kind == HEADERS;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, 0], &[0; 4], payload].concat()
    }

    #[test]
    fn finds_frames_however_they_are_cut() {
        let data = frame(HEADERS, &[GOAWAY; 40]);
        let bytes = [data.clone(), frame(GOAWAY, &[0; 8])].concat();
        for chunk in 1..bytes.len() {
            let mut scan = FrameScan::default();
            // A frame counts as begun at the last byte of its header.
            let (answer, control) = ((HEAD - 1) / chunk, (data.len() + HEAD - 1) / chunk);
            for (index, part) in bytes.chunks(chunk).enumerate() {
                let seen = Seen { control: index == control, answer: index == answer };
                assert_eq!(scan.scan(part), seen, "{chunk}");
            }
        }
    }
}

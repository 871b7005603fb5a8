//! Reading a protobuf message in place.

/// The message is not valid protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed response")]
pub struct Malformed;

pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// A wire type that etcd's messages do not use.
    Other,
}

/// The fields of a protobuf message, in order.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    #[expect(clippy::inline_always, reason = "called for each field of each key of a range")]
    #[inline(always)]
    pub fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            1 => self.bytes(8).map(|_| Value::Other)?,
            2 => {
                let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
                Value::Bytes(self.bytes(length)?)
            }
            5 => self.bytes(4).map(|_| Value::Other)?,
            _ => return Err(Malformed),
        };
        Ok(Some((tag >> 3, value)))
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A variable-length integer; tags and most lengths are of one byte.
    #[expect(clippy::inline_always, reason = "the same")]
    #[inline(always)]
    fn number(&mut self) -> Result<u64, Malformed> {
        if let [byte @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(*byte));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Result<u64, Malformed> {
        let (mut number, mut rest) = (0, self.0);
        for shift in (0..70).step_by(7) {
            let (&byte, after) = rest.split_first().ok_or(Malformed)?;
            number |= u64::from(byte & 0x7f) << shift;
            rest = after;
            if byte < 0x80 {
                self.0 = rest;
                return Ok(number);
            }
        }
        Err(Malformed)
    }
}

/// The cluster that a response comes from, where it says so: all of etcd's responses have their
/// header in front. Fails where the message is none.
pub fn cluster_id(response: &[u8]) -> Result<Option<u64>, Malformed> {
    let mut cluster = None;
    let mut fields = Fields(response);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(header)) => cluster = cluster_of(header)?,
            (1, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(cluster)
}

fn cluster_of(header: &[u8]) -> Result<Option<u64>, Malformed> {
    let mut fields = Fields(header);
    while let Some(field) = fields.next()? {
        if let (1, Value::Number(id)) = field {
            return Ok((id != 0).then_some(id));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::rpc::wire::messages::{HeaderOnly, ResponseHeader};

    #[test]
    fn finds_the_cluster_of_a_response() {
        let id = u64::MAX - 7;
        let header = ResponseHeader { cluster_id: id, revision: 5, ..ResponseHeader::default() };
        let response = HeaderOnly { header: Some(header) }.encode_to_vec();
        assert_eq!(cluster_id(&response), Ok(Some(id)));
        let unnamed = HeaderOnly { header: Some(ResponseHeader::default()) }.encode_to_vec();
        assert_eq!(cluster_id(&unnamed), Ok(None));
        assert_eq!(cluster_id(&[]), Ok(None));
        for end in 1..response.len() {
            assert_eq!(cluster_id(&response[..end]), Err(Malformed), "{end}");
        }
        assert_eq!(cluster_id(&[0xff; 30]), Err(Malformed));
        assert_eq!(cluster_id(&[8, 1]), Err(Malformed));
    }
}

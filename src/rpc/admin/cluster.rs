//! The members of the cluster, and updating the endpoints to match them.

use etcd_client::proto::{
    PbMember, PbMemberAddRequest, PbMemberListRequest, PbMemberListResponse,
    PbMemberPromoteRequest, PbMemberRemoveRequest, PbMemberUpdateRequest,
};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::error::Error;
use crate::rpc::transport::{CallOptions, Deadline, Request, Transport};
use crate::rpc::wire::method;

/// Lists the members; if not `linearizable`, from the data of the member that answers.
pub fn member_list(linearizable: bool) -> Request {
    let method =
        if linearizable { &method::MEMBER_LIST } else { &method::SERIALIZABLE_MEMBER_LIST };
    Request::new(method, &PbMemberListRequest { linearizable })
}

pub fn member_add(peer_urls: Vec<String>, is_learner: bool) -> Request {
    let request = PbMemberAddRequest { peer_ur_ls: peer_urls, is_learner };
    Request::new(&method::MEMBER_ADD, &request)
}

pub fn member_remove(id: u64) -> Request {
    Request::new(&method::MEMBER_REMOVE, &PbMemberRemoveRequest { id })
}

pub fn member_update(id: u64, peer_urls: Vec<String>) -> Request {
    let request = PbMemberUpdateRequest { id, peer_ur_ls: peer_urls };
    Request::new(&method::MEMBER_UPDATE, &request)
}

pub fn member_promote(id: u64) -> Request {
    Request::new(&method::MEMBER_PROMOTE, &PbMemberPromoteRequest { id })
}

/// Switches to the client URLs that the members advertise.
pub async fn sync_endpoints(
    transport: &Transport,
    options: CallOptions,
) -> Result<Vec<Endpoint>, Error> {
    let endpoints = advertised(transport, options).await?;
    transport.pool.set_endpoints(endpoints.clone());
    Ok(endpoints)
}

/// The same, but keeps the endpoints that the program gave: the members may advertise URLs that do
/// not lead to them from here, or be replaced while none of them can be reached.
pub async fn sync_with_given(transport: &Transport, deadline: Deadline) -> Result<(), Error> {
    let mut endpoints = advertised(transport, deadline.into()).await?;
    for given in transport.pool.given_endpoints() {
        if !endpoints.iter().any(|known| known.is_same_place(&given)) {
            endpoints.push(given);
        }
    }
    transport.pool.set_endpoints(endpoints);
    Ok(())
}

/// The client URLs that the members advertise, at least one.
async fn advertised(transport: &Transport, options: CallOptions) -> Result<Vec<Endpoint>, Error> {
    let response: PbMemberListResponse = transport.call(member_list(true), options).await?;
    let tls = transport.options.tls.is_some();
    let endpoints: Vec<_> =
        response.members.iter().flat_map(|member| serving(member, tls)).collect();
    if endpoints.is_empty() {
        let message = "no member serves clients at an endpoint that can be used";
        return Err(Error::Connection(message.into()));
    }
    Ok(endpoints)
}

/// The endpoints that a member advertises to clients. None for a member without a name, which
/// has not been started yet, and for a learner, which refuses most calls.
pub fn serving(member: &PbMember, tls: bool) -> impl Iterator<Item = Endpoint> {
    let serves = !member.name.is_empty() && !member.is_learner;
    let urls = if serves { member.client_ur_ls.as_slice() } else { &[] };
    urls.iter()
        .filter_map(move |url| Endpoint::parse(url, tls).ok())
        .filter(move |endpoint| endpoint.tls || !tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, urls: &[&str], is_learner: bool) -> PbMember {
        let client_ur_ls = urls.iter().map(|&url| url.to_owned()).collect();
        PbMember { name: name.to_owned(), client_ur_ls, is_learner, ..Default::default() }
    }

    fn names(member: &PbMember, tls: bool) -> Vec<String> {
        serving(member, tls).map(|endpoint| endpoint.name).collect()
    }

    #[test]
    fn takes_started_voters_only() {
        let urls = ["http://127.0.0.1:2379", "unix:///run/etcd.sock"];
        assert_eq!(names(&member("a", &urls, false), false), urls);
        assert!(names(&member("", &urls, false), false).is_empty());
        assert!(names(&member("a", &urls, true), false).is_empty());
    }

    #[test]
    fn never_leaves_tls() {
        let urls = ["http://127.0.0.1:2379", "https://127.0.0.1:2379", "ftp://127.0.0.1"];
        assert_eq!(names(&member("a", &urls, false), true), [urls[1]]);
    }
}

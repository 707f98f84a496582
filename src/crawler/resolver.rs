//! The site's name is looked up once: the client's own resolver looks it up for every request, in a thread of its own
//! where there is a timeout, also when the connection is already there.

use std::net::SocketAddr;
use std::sync::OnceLock;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Remembers where the first host it was asked for is.
#[derive(Debug, Default)]
pub(super) struct Remembering {
    asked: DefaultResolver,
    known: OnceLock<(Option<Authority>, Vec<SocketAddr>)>,
}

impl Resolver for Remembering {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        if let Some((authority, addresses)) = self.known.get()
            && authority.as_ref() == uri.authority()
        {
            let mut known = self.empty();
            addresses.iter().for_each(|address| known.push(*address));
            return Ok(known);
        }
        let found = self.asked.resolve(uri, config, timeout)?;
        // Another than the first, such as a proxy beside the site, is asked for again.
        self.known.set((uri.authority().cloned(), found.to_vec())).ok();
        Ok(found)
    }
}

//! Sites that speak TLS: whom a crawl believes, and that http and https are two sites.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;

use crate::server::{Answer, Server, page, redirect};

/// A name that leads nowhere: only a proxy can be asked for it.
const FAR: &str = "far.invalid";

/// A certificate that only itself vouches for.
struct Certificate {
    tls: Arc<ServerConfig>,
    file: NamedTempFile,
}

impl Certificate {
    fn new() -> Certificate {
        Certificate::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut params = CertificateParams::new(["localhost".to_owned(), FAR.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let file = NamedTempFile::new().unwrap();
        let text = BASE64_STANDARD.encode(certificate.der());
        std::fs::write(&file, format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")).unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()));
        Certificate { tls: Arc::new(tls.unwrap()), file }
    }

    /// A server that shows it, with what is answered on its port.
    fn serves<const N: usize>(&self, answers: impl FnOnce(u16) -> [(&'static str, Answer); N]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let answers = answers(listener.local_addr().unwrap().port());
        Server::start(listener, answers.map(|(path, answer)| (path.to_owned(), answer)), Some(Arc::clone(&self.tls)))
    }
}

/// What a crawl of `address` says that trusts what this file names, by way of this proxy.
fn crawl(address: &str, trusted: Option<&Path>, proxy: Option<&str>) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuebench"));
    command.args(["crawl", "--workers", "1", "--rate", "1000", address]);
    command.env_clear().envs(trusted.map(|file| ("SSL_CERT_FILE", file)));
    command.envs(proxy.map(|proxy| ("https_proxy", proxy)));
    let Output { status, stdout, stderr } = command.output().unwrap();
    let [out, said] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (status.code().unwrap(), out, said)
}

fn sorted(mut paths: Vec<String>) -> Vec<String> {
    paths.sort();
    paths
}

/// That a crawl of what shows this certificate is refused with these words, and asks for nothing.
fn refused(certificate: &Certificate, host: &str, trusted: Option<&Path>, words: &str) {
    let server = certificate.serves(|_| [("/", page("<a href=/gone>"))]);
    let at = format!("https://{host}:{}/", server.port());
    let (code, out, said) = crawl(&at, trusted, None);
    assert_eq!((code, &*out), (1, ""), "{said}");
    assert!(said.contains(&format!("the certificate of {at} is refused (")) && said.contains(words), "{words}: {said}");
    assert!(server.asked().iter().all(|path| path == "tls:"), "{:?}", server.asked());
}

#[test]
fn a_certificate_that_does_not_hold_is_refused() {
    let own = Certificate::new();
    let expired = Certificate::with(|params| params.not_after = date_time_ymd(2001, 1, 1));
    let authority = Certificate::with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let unknown = "nobody trusted here vouches for it; name who does: SSL_CERT_FILE=/";
    let elsewhere = "type an address that it is valid for";
    refused(&own, "localhost", None, unknown);
    // What is named is trusted instead of others, not besides.
    refused(&own, "localhost", Some(Certificate::new().file.path()), unknown);
    refused(&own, "127.0.0.1", Some(own.file.path()), elsewhere);
    refused(&expired, "localhost", Some(expired.file.path()), "certificate expired");
    refused(&authority, "localhost", Some(authority.file.path()), "basicConstraints=CA:FALSE");
}

#[test]
fn a_file_that_names_nobody_is_no_reason_to_trust_others() {
    let empty = NamedTempFile::new().unwrap();
    let address = "https://localhost:1/";
    for (file, words) in
        [(empty.path(), " holds no certificate"), (Path::new("/none"), "cannot read SSL_CERT_FILE=/none")]
    {
        let (code, _, said) = crawl(address, Some(file), None);
        assert!(code == 1 && said.contains(words) && said.contains("name a file"), "{said}");
    }
    let (_, _, said) = crawl(address, Some(Path::new("")), None);
    assert!(said.contains("is the server up? If it is, type: queuebench crawl http://localhost:1/"), "{said}");
}

#[test]
fn a_site_is_crawled_whose_certificate_is_named() {
    let certificate = Certificate::new();
    let server = certificate.serves(|_| {
        [
            ("/", page("<a href=/a><a href=/gone>")),
            ("/a", page("<a href=/moved><a href=b>")),
            ("/moved", redirect("/gone")),
            ("/b", page("")),
        ]
    });
    let at = format!("https://localhost:{}/", server.port());
    // A proxy is asked for no address of this machine; nobody listens there.
    let (code, out, said) = crawl(&at, Some(certificate.file.path()), Some("http://127.0.0.1:1"));
    let expected =
        format!("{at}gone  404 Not Found\n  on {at}\n{at}moved  redirects to /gone: 404 Not Found\n  on {at}a\n");
    assert_eq!((code, out), (3, expected), "{said}");
    assert_eq!(sorted(server.asked()), ["tls:/", "tls:/a", "tls:/b", "tls:/gone", "tls:/moved", "tls:/robots.txt"]);
}

#[test]
fn http_and_https_of_one_host_are_two_sites() {
    let certificate = Certificate::new();
    for (scheme, other, how) in [("http", "https", ""), ("https", "http", "tls:")] {
        let server = certificate.serves(|port| {
            let other = format!("{other}://localhost:{port}");
            [
                ("/", page(format!("<a href={other}/linked><a href=/moved><a href=//localhost:{port}/own>"))),
                ("/moved", redirect(format!("{other}/redirected"))),
                ("/home", redirect(format!("{other}/"))),
                ("/own", page("")),
            ]
        });
        let [at, other] = [scheme, other].map(|scheme| format!("{scheme}://localhost:{}/", server.port()));
        let (code, out, said) = crawl(&at, Some(certificate.file.path()), None);
        let expected = format!("{at}moved  leaves the site for {other}redirected, not followed\n");
        assert_eq!((code, out), (0, expected), "{said}");
        assert!(said.contains("; 1 link to elsewhere not followed"), "{said}");
        let (code, _, said) = crawl(&format!("{at}home"), Some(certificate.file.path()), None);
        assert!(code == 1 && said.contains(&format!("to crawl that, type: queuebench crawl '{other}'")), "{said}");
        let expected = ["/", "/home", "/moved", "/own", "/robots.txt", "/robots.txt"];
        assert_eq!(sorted(server.asked()), expected.map(|path| format!("{how}{path}")));
    }
}

#[test]
fn a_proxy_is_asked_in_the_place_of_a_site_and_the_certificate_of_the_site_counts() {
    let certificate = Certificate::new();
    let server = certificate.serves(|_| [("/", page("<a href=/gone>"))]);
    let (at, proxy) = (format!("https://{FAR}/"), server.address());
    let (code, out, said) = crawl(&at, Some(certificate.file.path()), Some(&proxy));
    assert_eq!((code, out), (3, format!("{at}gone  404 Not Found\n  on {at}\n")), "{said}");
    let (through, asked): (Vec<_>, Vec<_>) = server.asked().into_iter().partition(|path| !path.starts_with("tls:"));
    assert_eq!(sorted(asked), ["tls:/", "tls:/gone", "tls:/robots.txt"]);
    assert!(!through.is_empty() && through.iter().all(|path| *path == format!("{FAR}:443")), "{through:?}");
    let (code, _, said) = crawl(&at, None, Some(&proxy));
    assert!(code == 1 && said.contains(&format!("the certificate of {at} is refused (")), "{said}");
}

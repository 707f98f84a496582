//! `queuebench crawl`, as a user types it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::bounded;
use crate::server::{Server, hang, of_type, page, redirect};

fn crawl(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_queuebench")).arg("crawl").args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn fails(words: &[&str], code: i32, said: &str) {
    let output = crawl(words);
    assert_eq!(output.status.code(), Some(code), "{words:?}");
    assert!(text(&output.stderr).contains(said), "{words:?}: {}", text(&output.stderr));
    assert!(output.stdout.is_empty());
}

fn site() -> Server {
    Server::new([
        ("/".to_owned(), page("<a href=/a><a href=/gone><a href=/away><a href=http://example.invalid/>")),
        ("/a".to_owned(), page("<a href=/gone?x=\u{202e}><a href=/gone><a href=/hidden>")),
        ("/hidden".to_owned(), redirect("http://[\u{202e}x")),
        ("/away".to_owned(), redirect("http://example.invalid/\u{202e}x")),
    ])
}

#[test]
fn dead_links_are_printed_with_their_pages() {
    let server = site();
    let at = server.address();
    let output = crawl(&[&at]);
    assert_eq!(output.status.code(), Some(3));
    let expected = format!(
        "{at}gone  404 Not Found\n  on {at}\n  on {at}a\n{at}gone?x=%E2%80%AE  404 Not Found\n  on {at}a\n\
         {at}hidden  redirects to what is no address: http://[x\n  on {at}a\n\
         {at}away  leaves the site for http://example.invalid/%E2%80%AEx, not followed\n"
    );
    assert_eq!(text(&output.stdout), expected);
    let said = text(&output.stderr);
    assert!(
        said.contains("3 dead links among 6 addresses") && said.contains("1 link to elsewhere not followed"),
        "{said}"
    );
}

#[test]
fn json_has_all_of_it() {
    let server = site();
    let at = server.address();
    let output = crawl(&[&at, "--format", "json", "--workers", "1"]);
    assert_eq!(output.status.code(), Some(3));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["start"], at);
    assert_eq!(found["addresses"], 6);
    assert_eq!(found["dead"][0]["url"], format!("{at}gone"));
    assert_eq!(found["dead"][0]["on"][1], format!("{at}a"));
    assert_eq!(found["moved"][0]["url"], format!("{at}away"));
    assert_eq!((&found["elsewhere"], &found["stopped"], &found["cut"]), (&1.into(), &false.into(), &false.into()));
}

#[test]
fn a_site_without_dead_links_is_fine() {
    let server = Server::of_pages([("/", "<a href=/>".to_owned())]);
    let output = crawl(&[&server.address()]);
    assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(0), ""));
    assert!(!text(&output.stderr).contains("in part"), "{}", text(&output.stderr));
}

#[test]
fn a_page_that_is_cut_is_said_to_be() {
    let long = " ".repeat(5 << 20) + "<a href=/gone>";
    let server = Server::of_pages([("/", "<a href=/long>".to_owned()), ("/long", long)]);
    let at = server.address();
    let output = crawl(&[&at]);
    assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(0), ""));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("{at}long: only its first 5242880 bytes were read\n")), "{said}");
    assert!(said.contains("; 1 page read in part or not at all, where more may be dead"), "{said}");
    let found: Value = serde_json::from_slice(&crawl(&[&at, "--format", "json"]).stdout).unwrap();
    let reason = "only its first 5242880 bytes were read";
    assert_eq!(found["unread"], json!([{ "url": format!("{at}long"), "reason": reason }]));
}

#[test]
fn pages_in_an_encoding_not_asked_for_are_not_read_and_said_not_to_be() {
    let encoded = |encoding: &str| of_type(&format!("text/html\r\nContent-Encoding: {encoding}"), "<a href=/gone>");
    let links: String = (10..22).map(|n| format!("<a href=/{n}>")).collect();
    let pages = (10..22).map(|n| (format!("/{n}"), encoded(["gzip", "BR"][n % 2])));
    let plain = [("/".to_owned(), page(links + "<a href=/plain>")), ("/plain".to_owned(), encoded("Identity"))];
    let server = Server::new(pages.chain(plain));
    let at = server.address();
    let output = crawl(&[&at]);
    assert_eq!(text(&output.stdout), format!("{at}gone  404 Not Found\n  on {at}plain\n"));
    let said = text(&output.stderr);
    let named = format!("{at}10: it came as gzip, which was not asked for\n{at}11: it came as br, which");
    assert!(
        said.contains(&named) && said.contains(&format!("{at}19: ")) && !said.contains(&format!("{at}20")),
        "{said}"
    );
    assert!(said.contains("and 2 more; --format json names them\n"), "{said}");
    assert!(said.contains("; 12 pages read in part or not at all"), "{said}");
    let found: Value = serde_json::from_slice(&crawl(&[&at, "--format", "json"]).stdout).unwrap();
    assert_eq!(found["unread"].as_array().unwrap().len(), 12);
    let only = Server::new([("/".to_owned(), encoded("gzip"))]);
    fails(&[&only.address()], 1, "nothing to follow");
    let file = Server::new([("/".to_owned(), of_type("application/pdf", "<a href=/gone>"))]);
    fails(&[&file.address()], 1, "it is no HTML page");
}

#[test]
fn no_encoding_is_asked_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let asking = std::thread::spawn(move || {
        let lines = BufReader::new(listener.accept().unwrap().0).lines().map_while(Result::ok);
        lines.take_while(|line| !line.is_empty()).map(|line| line.to_ascii_lowercase()).collect::<Vec<_>>()
    });
    crawl(&[&address]);
    let asked = asking.join().unwrap();
    assert!(asked.contains(&"accept-encoding: identity".to_owned()), "{asked:?}");
}

#[test]
fn a_dead_link_in_every_menu_names_some_pages() {
    let menu: String = (0..30).map(|n| format!("<a href=/{n}>")).collect::<String>() + "<a href=/gone>";
    let paths: Vec<String> = (0..30).map(|n| format!("/{n}")).chain(["/".to_owned()]).collect();
    let server = Server::of_pages(paths.iter().map(|path| (&**path, menu.clone())));
    let printed = text(&crawl(&[&server.address()]).stdout);
    assert_eq!(printed.lines().count(), 12, "{printed}");
    assert!(printed.ends_with("  and on 21 more; --format json names them\n"), "{printed}");
}

#[test]
fn what_cannot_be_started_from_says_what_to_type() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fails(&[&format!("http://{free}/")], 1, "type: queuebench crawl https://");
    fails(&["example.invalid"], 1, "type: queuebench crawl https://example.invalid");
    fails(&["file:///etc/passwd"], 1, "http:// or https://");
    fails(&["http://"], 1, "type one as");
    fails(&["http://me:secret@example.invalid/x"], 1, "type: queuebench crawl http://example.invalid/x");
    fails(&[], 2, "URL");
    fails(&["http://example.invalid/", "--rate", "0"], 2, "a number of requests a second");
    fails(&["http://example.invalid/", "--workers", "0"], 2, "1..=256");
    fails(&["http://example.invalid/", "--timeout", "0s"], 2, "no time for an answer");
    let gone = Server::new([]);
    fails(&[&gone.address()], 1, "404 Not Found");
    let moved = Server::new([("/".to_owned(), redirect("https://example.invalid/home"))]);
    fails(&[&moved.address()], 1, "type: queuebench crawl 'https://example.invalid/home'");
}

#[test]
fn robots_txt_is_honoured() {
    let robots = "User-agent: *\nDisallow: /private\nCrawl-delay: 0.05\n";
    let server = Server::new([
        ("/robots.txt".to_owned(), of_type("text/plain", robots)),
        ("/".to_owned(), page("<a href=/private/x><a href=/a>")),
        ("/a".to_owned(), redirect("/private/y")),
    ]);
    let output = crawl(&[&server.address()]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(server.asked(), ["/robots.txt", "/", "/a"]);
    assert!(text(&output.stderr).contains("robots.txt asks for 50ms between requests"));
    assert!(text(&output.stderr).contains("2 links forbidden by robots.txt not followed"));
    for encoding in ["gzip", "x-unheard-of"] {
        let kind = format!("text/plain\r\nContent-Encoding: {encoding}");
        let unreadable = Server::new([("/robots.txt".to_owned(), of_type(&kind, "")), ("/".to_owned(), page(""))]);
        fails(&[&unreadable.address()], 1, "forbids it, or cannot be read");
    }
    let closed = Server::new([
        ("/robots.txt".to_owned(), of_type("text/plain", "User-agent: queuebench\nDisallow: /")),
        ("/".to_owned(), page("")),
    ]);
    fails(&[&closed.address()], 1, "robots.txt forbids it");
    assert_eq!(closed.asked(), ["/robots.txt"]);
}

/// What a crawl says that is interrupted as soon as it `is_time`.
fn interrupted(words: &[&str], is_time: impl Fn() -> bool) -> Output {
    let child = Command::new(env!("CARGO_BIN_EXE_queuebench"))
        .arg("crawl")
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !is_time() {
        std::thread::sleep(Duration::from_millis(10));
    }
    // SAFETY: sends a signal to a child that has not been waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let output = bounded("an interrupted crawl", || child.wait_with_output().unwrap());
    assert_eq!(output.status.code(), Some(130));
    output
}

#[test]
fn an_interrupted_crawl_waits_for_no_server() {
    let server = Server::new([
        ("/".to_owned(), page("<a href=/gone><a href=/moved><a href=/hang><a href=/never>")),
        ("/moved".to_owned(), redirect("/never")),
        ("/hang".to_owned(), hang()),
    ]);
    let at = server.address();
    // One worker takes them in their order, so what comes before is finished.
    let words = [&*at, "--timeout", "1h", "--workers", "1"];
    let output = interrupted(&words, || server.asked().contains(&"/hang".to_owned()));
    assert_eq!(text(&output.stdout), format!("{at}gone  404 Not Found\n  on {at}\n"));
    assert!(text(&output.stderr).contains("1 dead link among 3 addresses asked for"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("stopped: there may be more"));
    assert_eq!(server.asked(), ["/robots.txt", "/", "/gone", "/moved", "/hang"]);

    let silent = Server::new([("/robots.txt".to_owned(), hang())]);
    let words = [&*silent.address(), "--timeout", "1h", "--format", "json"];
    let output = interrupted(&words, || !silent.asked().is_empty());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["addresses"], &found["dead"], &found["stopped"]), (&json!(0), &json!([]), &json!(true)));
    assert_eq!(silent.asked(), ["/robots.txt"]);
}

#[test]
fn an_interrupted_crawl_prints_what_it_has() {
    let links: String = (0..1000).map(|n| format!("<a href=/{n}>")).collect();
    let server = Server::of_pages([("/", links)]);
    // robots.txt, the start page, and a dead link.
    let output = interrupted(&[&server.address(), "--rate", "20"], || server.asked().len() >= 4);
    assert!(text(&output.stdout).contains("404 Not Found\n  on http://127.0.0.1"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("stopped: there may be more"));
    assert!(server.asked().len() < 200);
}

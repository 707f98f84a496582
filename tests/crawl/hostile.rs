//! Servers that mean harm, or do it.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use queuebench::crawler::frontier::Deque;
use queuebench::crawler::{Dead, Found, Progress, Reason, Rules, SeenSet, Url, crawl_threads};

use crate::bounded;
use crate::server::{Answer, Server, hang, of_type, page, raw, redirect, status};

fn crawl(server: &Server, rules: Rules) -> Found {
    let start = Url::parse(&server.address()).unwrap();
    bounded("hostile", move || {
        crawl_threads(&start, Deque::for_workers(4), SeenSet::Mutex, &rules, &Progress::default())
    })
}

/// A site with one link from its start page, to `/x`.
fn with(answer: Answer) -> Server {
    Server::new([("/".to_owned(), page("<a href=/x>x</a>")), ("/x".to_owned(), answer), ("/hang".to_owned(), hang())])
}

fn quick() -> Rules {
    Rules { timeout: Duration::from_millis(300), ..Rules::default() }
}

fn the_dead(found: &Found) -> &Dead {
    assert_eq!(found.dead.len(), 1, "{found:?}");
    assert_eq!((&*found.dead[0].path, &found.dead[0].on[..]), ("/x", &["/".to_owned()][..]));
    &found.dead[0]
}

/// The pages that were not read as a whole, and why.
fn unread(found: &Found) -> Vec<(&str, &str)> {
    found.unread.iter().map(|unread| (&*unread.path, &*unread.reason)).collect()
}

#[test]
fn what_hangs_or_breaks_off_is_dead_and_says_why() {
    let drip: Answer = Arc::new(|connection| {
        let mut alive = write!(connection, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n").is_ok();
        while alive {
            std::thread::sleep(Duration::from_millis(20));
            alive = connection.write_all(b" ").is_ok();
        }
    });
    let cases = [
        (hang(), "no end of the answer within 300ms"),
        (drip, "no end of the answer within 300ms"),
        (raw(b""), ""),
        (raw(b"\xff\xfe\0rubbish\r\n\r\n"), ""),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900\r\n\r\n<a href=/y>"), ""),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), ""),
        (redirect("/hang"), "redirects to /hang: no end of the answer within 300ms"),
        (status("404 Not Found"), "404 Not Found"),
        (status("503 Service Unavailable"), "503 Service Unavailable"),
        (redirect("http://["), "redirects to what is no address: http://["),
        (redirect("/x"), "redirects in a circle"),
        (redirect("/y"), "redirects to /y: 404 Not Found"),
    ];
    for (at, (answer, reason)) in cases.into_iter().enumerate() {
        let found = crawl(&with(answer), quick());
        let dead = the_dead(&found);
        let said = dead.reason.to_string();
        assert!(!said.is_empty() && (reason.is_empty() || said == reason), "case {at}: {dead:?}");
        assert_eq!(matches!(dead.reason, Reason::Site(_)), at >= 7, "whose doing it is, case {at}: {dead:?}");
    }
}

#[test]
fn redirects_without_end_end() {
    let hops = (0..50).map(|hop| (format!("/{hop}"), redirect(format!("/{}", hop + 1))));
    let server = Server::new(hops.chain([("/".to_owned(), page("<a href=/x>")), ("/x".to_owned(), redirect("/0"))]));
    let found = crawl(&server, quick());
    assert_eq!(the_dead(&found).reason, Reason::Site("more than 10 redirects".to_owned()));
    assert_eq!(server.asked().len(), 53, "what stands in a row may be linked to");
    let far = (0..1200).map(|hop| (format!("/{hop}"), redirect(format!("/{}", hop + 1))));
    let server = Server::new(far.chain([("/".to_owned(), page("<a href=/x>")), ("/x".to_owned(), redirect("/0"))]));
    let found = crawl(&server, quick());
    assert_eq!(the_dead(&found).reason, Reason::Site("more than 10 redirects".to_owned()));
    assert_eq!(unread(&found), [("/999", "it was not followed: too many redirects led there")]);
}

#[test]
fn a_row_of_redirects_is_found_wherever_it_is_entered_first() {
    // The far end of the row is dead; one link leads to its beginning, another, several pages on, to its middle.
    let row = (0..14).map(|hop| (format!("/r{hop}"), redirect(format!("/r{}", hop + 1))));
    let pages = (0..5).map(|at| (format!("/c{at}"), page(format!("<a href=/c{}>", at + 1))));
    let ends = [("/", "<a href=/r0><a href=/c0>"), ("/c5", "<a href=/r5>")];
    let ends = ends.map(|(path, html)| (path.to_owned(), page(html)));
    let server = Server::new(row.chain(pages).chain(ends));
    let start = Url::parse(&server.address()).unwrap();
    for workers in [1, 8] {
        let (start, rules) = (start.clone(), quick());
        let found = bounded("a row", move || {
            crawl_threads(&start, Deque::for_workers(workers), SeenSet::Mutex, &rules, &Progress::default())
        });
        let dead: Vec<(&str, String)> = found.dead.iter().map(|dead| (&*dead.path, dead.reason.to_string())).collect();
        let second = "redirects to /r14: 404 Not Found".to_owned();
        assert_eq!(dead, [("/r0", "more than 10 redirects".to_owned()), ("/r5", second)], "{workers} workers");
        assert_eq!(found.fetched, 22, "{workers} workers");
    }
}

#[test]
fn a_body_without_end_is_cut() {
    let endless: Answer = Arc::new(|connection| {
        let mut alive = write!(connection, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<a href=/y>").is_ok();
        while alive {
            alive = connection.write_all(&[b' '; 4096]).is_ok();
        }
    });
    let server = with(endless);
    let found = crawl(&server, Rules { most_bytes: 1 << 20, ..Rules::default() });
    let asked: Vec<String> = server.asked();
    assert!(asked.contains(&"/y".to_owned()), "what was read of it counts: {asked:?}");
    assert_eq!((found.fetched, &*found.dead[0].path), (3, "/y"));
    assert_eq!(unread(&found), [("/x", "only its first 1048576 bytes were read")]);
    let just = with(page(format!("<a href=/>{}", " ".repeat(100 - 10))));
    assert_eq!(
        unread(&crawl(&just, Rules { most_bytes: 100, ..Rules::default() })),
        [],
        "one that ends there is whole"
    );
}

#[test]
fn what_is_no_page_has_no_links_and_a_broken_page_some() {
    for kind in ["text/plain", "application/pdf", "image/png", "text/html5", ""] {
        let found = crawl(&with(of_type(kind, "<a href=/y>")), quick());
        assert_eq!((found.fetched, found.dead.len()), (2, 0), "{kind}");
    }
    let broken = "<<a href=/y <b></a </html><p<a href='/z'>\u{0}<![CDATA[ <a href=\"/w\"></title><a href=/v";
    let found = crawl(&with(page(broken)), quick());
    let dead: Vec<&str> = found.dead.iter().map(|dead| &*dead.path).collect();
    assert_eq!(dead, ["/y"], "as a browser reads it");
}

#[test]
fn a_page_with_a_million_links_is_read_as_far_as_is_reasonable() {
    let links: String = (0..1_000_000).map(|n| format!("<a href=/{n}>")).collect();
    let found = crawl(&with(page(links)), Rules { most_links: 500, most_bytes: 64 << 20, ..Rules::default() });
    assert_eq!(found.fetched, 502);
    assert_eq!(unread(&found), [("/x", "only its first 500 links were read")]);
    let again = "<a href=/1>".repeat(20_000);
    let found = crawl(&with(page(again)), Rules { most_links: 1, ..Rules::default() });
    assert_eq!((found.fetched, unread(&found)), (3, vec![]), "a link that is known is read");
}

#[test]
fn no_other_host_is_asked() {
    let other = Server::of_pages([("/", String::new())]);
    let port = other.port();
    let away = [
        format!("http://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://trusted.test@127.0.0.1:{port}/"),
        format!("http:\\\\127.0.0.1:{port}\\"),
        format!("https://127.0.0.1:{port}/"),
        format!("ftp://127.0.0.1:{port}/"),
        format!("ht\ntp://127.0.0.1:{port}/"),
    ];
    let page_of = |tag: &str| away.iter().map(|to| format!("<{tag}='{to}'>")).collect::<String>();
    let html =
        page_of("a href") + &page_of("img src") + "<a href='javascript:x'><a href=file:///etc/passwd><a href=data:,x>";
    let based = format!("<base href='{}'><a href=z><a href=/z>", away[0]);
    let redirects = away[..7].iter().enumerate().map(|(at, to)| (format!("/r{at}"), redirect(to.clone())));
    let links: String = (0..7).map(|at| format!("<a href=/r{at}>")).collect();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap();
    let start = format!("{html}{links}<a href=/based><a href=//x:y@{own}/named>");
    let named = [("/", page(start)), ("/based", page(based)), ("/named", page(""))];
    let named = named.map(|(path, answer)| (path.to_owned(), answer));
    let server = Server::start(listener, redirects.chain(named), None);
    let found = crawl(&server, quick());
    assert_eq!((found.fetched, found.moved.len(), found.dead.len()), (10, 7, 0), "{found:?}");
    assert_eq!(found.elsewhere, 16 + 3 + 2);
    assert_eq!(other.asked(), Vec::<String>::new());
}

#[test]
fn a_stop_is_heard_between_pages() {
    let links: String = (0..1000).map(|n| format!("<a href=/{n}>")).collect();
    let server = with(page(links));
    let start = Url::parse(&server.address()).unwrap();
    let found = bounded("stop", move || {
        let rules =
            Rules { pace: Some(queuebench::crawler::Pace::new(Duration::from_millis(100))), ..Rules::default() };
        let progress = Progress::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while progress.asked() < 6 {
                    std::thread::sleep(Duration::from_millis(5));
                }
                progress.stop();
            });
            crawl_threads(&start, Deque::for_workers(4), SeenSet::Mutex, &rules, &progress)
        })
    });
    assert!(found.stopped && found.fetched >= 1 && found.fetched < 100, "{found:?}");
}

#[test]
fn a_pace_holds_for_all_workers_together() {
    let links: String = (0..8).map(|n| format!("<a href=/{n}>")).collect();
    let rules = Rules { pace: Some(queuebench::crawler::Pace::new(Duration::from_millis(50))), ..Rules::default() };
    let since = Instant::now();
    let found = crawl(&with(page(links)), rules);
    assert_eq!(found.fetched, 10);
    assert!(since.elapsed() >= Duration::from_millis(9 * 50));
}

#[test]
fn no_more_pages_than_wanted_are_asked_for() {
    let links: String = (0..100).map(|n| format!("<a href=/{n}>")).collect();
    let server = with(page(links));
    let found = crawl(&server, Rules { most_pages: 7, ..Rules::default() });
    assert_eq!((found.fetched, server.asked().len(), found.cut), (7, 7, true));
}

//! `crawl`: the dead links of a site.

use std::panic::resume_unwind;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::machine::probe::stop_flag;
use super::{PlainFormat, code, out, talk};
use crate::crawler::frontier::Deque;
use crate::crawler::{Client, Found, Pace, Progress, Robots, Rules, SeenSet, Url, crawl_threads, is_loopback, trusted};
use crate::record::printable;
use crate::table::count;

/// Requests a second that a stranger's server is asked to bear.
const POLITE_RATE: f64 = 10.0;
/// Pages that are named for each dead link in a table, where a link in every page's menu stands on all of them; and of
/// those that were not read.
const MOST_SHOWN: usize = 10;

/// Find the dead links of a site, and the pages they stand on.
///
/// Only the site itself is asked: links and redirects to other hosts are not followed. What its robots.txt forbids is
/// left out. Exit code 3 when there are dead links; Ctrl-C prints what was found so far. SSL_CERT_FILE names certificates
/// to trust instead of those that Mozilla trusts.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench crawl http://localhost:8000/           a site on this machine, as fast as it can
  queuebench crawl https://example.org/ --rate 2    two requests a second
  queuebench crawl https://example.org/ --max-pages 500 --format json")]
pub struct Crawl {
    /// Where to start; the site is all with the same scheme, host and port
    #[arg(value_name = "URL")]
    url: String,
    /// Threads that fetch
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// Ask for so many addresses at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_pages: Option<u64>,
    /// Requests a second, of all workers together [default: 10; without limit on this machine]
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    rate: Option<f64>,
    /// How long an answer may take, as 10s or 500ms
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = timeout)]
    timeout: Duration,
    /// How to print
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    format: PlainFormat,
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|rate: &f64| (0.001..=1e6).contains(rate));
    number.ok_or_else(|| "a number of requests a second, from 0.001 to 1000000".to_owned())
}

fn timeout(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|why| why.to_string())?;
    let none = || "no time for an answer; type for example 10s".to_owned();
    (!time.is_zero()).then_some(time).ok_or_else(none)
}

impl Crawl {
    pub fn run(&self) -> anyhow::Result<u8> {
        let start = start(&self.url)?;
        let stop = stop_flag()?;
        let progress = Progress::until(stop);
        let rules = self.rules(&start, &progress)?;
        let found = watched(&progress, || {
            let frontiers = Deque::for_workers(self.workers.into());
            crawl_threads(&start, frontiers, SeenSet::Mutex, &rules, &progress)
        });
        if !found.stopped {
            reached(&start, &found)?;
        }
        match self.format {
            PlainFormat::Table => {
                print(&start, &found)?;
                warn(&start, &found);
            }
            PlainFormat::Json => out(&serde_json::to_string_pretty(&as_json(&start, &found))?)?,
        }
        talk(&summary(&found));
        Ok(match found.stopped {
            true => code::INTERRUPTED,
            false if found.dead.is_empty() => 0,
            false => code::OUTCOME,
        })
    }

    fn rules(&self, start: &Url, progress: &Progress) -> anyhow::Result<Rules> {
        let mut rules = Rules { timeout: self.timeout, stops_at_once: true, ..Rules::default() };
        rules.most_pages = self.max_pages.unwrap_or(rules.most_pages);
        if start.scheme() == "https" {
            trusted().map_err(|why| anyhow::anyhow!("{why}; name a file of who is to be trusted, or unset it"))?;
        }
        let client = Client::new(start, rules.timeout, rules.most_bytes);
        rules.robots =
            robots(client, start, progress).map_err(|why| anyhow::anyhow!(unreached(start, &printable(&why))))?;
        let robots = start.join("/robots.txt")?;
        ensure!(
            rules.robots.allows(start.path()),
            "{start} is not for crawlers: {robots} forbids it, or cannot be read; type an address that it allows",
        );
        let rate = self.rate.or_else(|| (!is_loopback(start)).then_some(POLITE_RATE));
        let own = rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
        if let Some(asked) = rules.robots.crawl_delay.filter(|asked| Some(*asked) > own) {
            talk(&format!("{robots} asks for {} between requests", humantime::format_duration(asked)));
        }
        rules.pace = own.max(rules.robots.crawl_delay).map(Pace::new);
        Ok(rules)
    }
}

/// What the site's robots.txt says; nothing if the crawl is to stop before it is there, for then it asks for no page.
fn robots(mut client: Client, start: &Url, progress: &Progress) -> Result<Robots, String> {
    let (tell, said) = channel();
    let start = start.clone();
    thread::spawn(move || tell.send(Robots::ask(&mut client, &start)));
    progress.wait_for(&said).unwrap_or_else(|| Ok(Robots::default()))
}

/// The address to start from, if it is one.
fn start(text: &str) -> anyhow::Result<Url> {
    let mut url = match Url::parse(text) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => url,
        _ if !text.contains("://") && Url::parse(&format!("https://{text}")).is_ok() => {
            let is_here = Url::parse(&format!("http://{text}")).is_ok_and(|address| is_loopback(&address));
            let scheme = if is_here { "http" } else { "https" };
            bail!("'{text}' does not say how to ask; type: queuebench crawl {scheme}://{text}")
        }
        Ok(url) => bail!("{}: is not crawled; type an address that begins with http:// or https://", url.scheme()),
        Err(why) => bail!("'{text}' is no address ({why}); type one as https://example.org/"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        url.set_username("").ok();
        url.set_password(None).ok();
        bail!("names and passwords are sent to no server; type: queuebench crawl {url}");
    }
    url.set_fragment(None);
    Ok(url)
}

fn unreached(start: &Url, why: &str) -> String {
    if let Some((_, reason)) = why.split_once("invalid peer certificate: ") {
        return format!("the certificate of {start} is refused ({reason}): {}", remedy(reason));
    }
    if why.contains("failed to lookup address") {
        return format!("there is no {}; look how it is spelled: {why}", start.host_str().unwrap_or("such host"));
    }
    let mut other = start.clone();
    other.set_scheme(if start.scheme() == "http" { "https" } else { "http" }).ok();
    format!("cannot reach {start}: {why}; is the server up? If it is, type: queuebench crawl {other}")
}

/// What helps when a certificate is refused.
fn remedy(reason: &str) -> &'static str {
    if ["UnknownIssuer", "BadSignature"].contains(&reason) {
        "nobody trusted here vouches for it; name who does: SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"
    } else if reason.contains("CaUsedAsEndEntity") {
        "it is one to vouch for others, not a site's; make one with: openssl req -x509 -addext basicConstraints=CA:FALSE"
    } else {
        "tell whoever runs the site, or type an address that it is valid for"
    }
}

/// An error if there was no start page to start from.
fn reached(start: &Url, found: &Found) -> anyhow::Result<()> {
    let path = path_of(start);
    if let Some(moved) = found.moved.iter().find(|moved| moved.path == path) {
        let to = printable(&moved.to);
        bail!("{start} redirects to another site; to crawl that, type: queuebench crawl '{to}'");
    }
    if let Some(dead) = found.dead.iter().find(|dead| dead.path == path) {
        let (why, home) = (printable(&dead.reason.to_string()), start.join("/")?);
        let instead = if home == *start { String::new() } else { format!(", as: queuebench crawl {home}") };
        bail!("there is nothing to start from at {start}: {why}; type an address that is there{instead}");
    }
    if let Some(unread) = found.unread.iter().find(|unread| unread.path == path && found.fetched == 1) {
        bail!("there is nothing to follow at {start}: {}", printable(&unread.reason));
    }
    Ok(())
}

/// The path of the start page, as those in [`Found`].
fn path_of(start: &Url) -> String {
    start.query().map_or_else(|| start.path().to_owned(), |query| format!("{}?{query}", start.path()))
}

/// Crawls; on a terminal says how far it is.
fn watched(progress: &Progress, crawl: impl FnOnce() -> Found + Send) -> Found {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4));
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant"));
    thread::scope(|scope| {
        let crawling = scope.spawn(crawl);
        while !bar.is_hidden() && !crawling.is_finished() {
            bar.set_message(format!("{} addresses, {} failed", progress.asked(), progress.failed()));
            bar.tick();
            thread::sleep(Duration::from_millis(100));
        }
        bar.finish_and_clear();
        crawling.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// An address on the site of `start` that may be shown: paths come from strangers.
fn shown(start: &Url, path: &str) -> String {
    printable(&format!("{}{path}", start.origin().ascii_serialization()))
}

fn print(start: &Url, found: &Found) -> anyhow::Result<()> {
    for dead in &found.dead {
        out(&format!("{}  {}", shown(start, &dead.path), printable(&dead.reason.to_string())))?;
        for page in dead.on.iter().take(MOST_SHOWN) {
            out(&format!("  on {}", shown(start, page)))?;
        }
        if dead.on.len() > MOST_SHOWN {
            out(&format!("  and on {} more; --format json names them", dead.on.len() - MOST_SHOWN))?;
        }
    }
    for moved in &found.moved {
        out(&format!("{}  leaves the site for {}, not followed", shown(start, &moved.path), printable(&moved.to)))?;
    }
    Ok(())
}

/// Of which pages links may be missing.
fn warn(start: &Url, found: &Found) {
    for unread in found.unread.iter().take(MOST_SHOWN) {
        talk(&format!("{}: {}", shown(start, &unread.path), printable(&unread.reason)));
    }
    if found.unread.len() > MOST_SHOWN {
        talk(&format!("and {} more; --format json names them", found.unread.len() - MOST_SHOWN));
    }
}

fn as_json(start: &Url, found: &Found) -> Value {
    let dead = found.dead.iter().map(|dead| {
        let on: Vec<String> = dead.on.iter().map(|page| shown(start, page)).collect();
        json!({ "url": shown(start, &dead.path), "reason": printable(&dead.reason.to_string()), "on": on })
    });
    let unread = found.unread.iter();
    let unread = unread.map(|unread| json!({ "url": shown(start, &unread.path), "reason": printable(&unread.reason) }));
    let moved = found.moved.iter();
    let moved = moved.map(|moved| json!({ "url": shown(start, &moved.path), "to": printable(&moved.to) }));
    json!({
        "start": start.as_str(),
        "addresses": found.fetched,
        "dead": dead.collect::<Vec<_>>(),
        "unread": unread.collect::<Vec<_>>(),
        "moved": moved.collect::<Vec<_>>(),
        "elsewhere": found.elsewhere,
        "disallowed": found.disallowed,
        "cut": found.cut,
        "stopped": found.stopped,
        "elapsed_ns": found.elapsed_ns,
    })
}

fn summary(found: &Found) -> String {
    let mut summary = format!(
        "{} among {} addresses asked for, in {:.1} s",
        count(found.dead.len(), "dead link"),
        found.fetched,
        found.elapsed_ns as f64 / 1e9
    );
    for (number, what) in [(found.elsewhere, "to elsewhere"), (found.disallowed, "forbidden by robots.txt")] {
        if number > 0 {
            summary += &format!("; {} {what} not followed", count(number as usize, "link"));
        }
    }
    if !found.unread.is_empty() {
        summary +=
            &format!("; {} read in part or not at all, where more may be dead", count(found.unread.len(), "page"));
    }
    if found.stopped {
        summary += "; stopped: there may be more";
    } else if found.cut {
        summary += "; there are more than --max-pages";
    }
    summary
}

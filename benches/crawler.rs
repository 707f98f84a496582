//! What the crawler's own work costs: pages a second of a crawl that has to find a site, beside the same client in a loop
//! over a list of its addresses that is known beforehand. The site takes no time and is served by a process of its own,
//! which shares the cpus with either.
//!
//! `cargo bench --bench crawler -- [PAGES] [WORKERS]`; 100,000 pages and 1 and 8 workers take about three minutes.

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use queuebench::cmd;
use queuebench::crawler::frontier::Deque;
use queuebench::crawler::site::{Served, Site};
use queuebench::crawler::{Client, Progress, Rules, SeenSet, Url, crawl_threads};
use queuebench::registry::Registry;
use queuebench::stats::median;

const PAIRS: u64 = 5;

fn main() -> ExitCode {
    if cmd::is_worker() {
        return cmd::main(&Registry::builtin());
    }
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let pages = numbers.first().copied().unwrap_or(100_000);
    let workers = numbers.get(1).map_or(vec![1, 8], |workers| vec![*workers]);
    println!("{pages} pages, {PAIRS} pairs; pages/s");
    for workers in workers {
        compare(pages as u64, workers);
    }
    ExitCode::SUCCESS
}

fn compare(pages: u64, workers: usize) {
    let mut shares = Vec::new();
    for seed in 0..PAIRS {
        let site = Site { pages, seed, delay: Duration::ZERO };
        // Neither always runs on the cpus that the other has warmed.
        let first = (seed % 2 == 1).then(|| crawl(site, workers));
        let bare = bare_loop(site, workers);
        let crawl = first.unwrap_or_else(|| crawl(site, workers));
        println!("{workers} workers: bare loop {bare:.0}, crawl {crawl:.0}, share {:.2}", crawl / bare);
        shares.push(crawl / bare);
    }
    let middle = median(&shares).expect("there are shares");
    let least = shares.iter().copied().fold(f64::MAX, f64::min);
    let most = shares.iter().copied().fold(f64::MIN, f64::max);
    println!("{workers} workers: the crawl has {middle:.2} of the bare loop's pages [{least:.2}, {most:.2}]\n");
}

fn served(site: Site) -> (Served, Url) {
    let served = Served::by(Path::new("/proc/self/exe"), site).expect("the site is served");
    let start = Url::parse(&served.address()).expect("it has an address");
    (served, start)
}

fn bare_loop(site: Site, workers: usize) -> f64 {
    let (_served, start) = served(site);
    let rules = Rules::default();
    let addresses: Vec<String> = site.addresses().map(|address| format!("{start}{}", &address.path()[1..])).collect();
    let since = Instant::now();
    thread::scope(|scope| {
        for worker in 0..workers {
            let (addresses, start, rules) = (&addresses, &start, &rules);
            scope.spawn(move || {
                let mut client = Client::new(start, rules.timeout, rules.most_bytes);
                for address in addresses.iter().skip(worker).step_by(workers) {
                    client.fetch(address);
                }
            });
        }
    });
    addresses.len() as f64 / since.elapsed().as_secs_f64()
}

fn crawl(site: Site, workers: usize) -> f64 {
    let (_served, start) = served(site);
    let progress = Progress::default();
    let found = crawl_threads(&start, Deque::for_workers(workers), SeenSet::Mutex, &Rules::default(), &progress);
    assert_eq!((found.fetched, found.sum), (site.truth().fetched, site.truth().sum), "it found the site");
    found.fetched as f64 / (found.elapsed_ns as f64 / 1e9)
}

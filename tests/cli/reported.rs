//! `report`: what is on the page of files that are no ordinary ones, and of two machines. What the page looks like is tested in
//! `tests/report.rs` and in a browser.

use std::path::{Path, PathBuf};

use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::typed::{Said, fixtures, typed, typed_in};

const AMD: &str = "synthetic-amd-48.jsonl";
const ARM: &str = "synthetic-arm-128.jsonl";
const BASE: &str = "stream/1p1c/1024/8B/same-l3";

/// A folder with fixtures, some of them bent.
struct Files(TempDir);

impl Files {
    fn new(fixtures: &[&str]) -> Files {
        let files = Files(tempfile::tempdir().unwrap());
        for name in fixtures {
            files.bend(name, |_| {});
        }
        files
    }

    /// Writes the fixture `name` after `bend` has changed its lines; the end line counts what is there.
    fn bend(&self, name: &str, bend: impl Fn(&mut Vec<Value>)) -> PathBuf {
        let text = std::fs::read_to_string(fixtures().join("results").join(name)).unwrap();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        bend(&mut lines);
        let blocks = lines.iter().filter(|line| line["type"] == "block").count();
        if let Some(end) = lines.last_mut().filter(|line| line["type"] == "end") {
            end["blocks"] = json!(blocks);
        }
        let path = self.0.path().join(name);
        std::fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        path
    }

    fn typed(&self, words: &[&str]) -> Said {
        typed_in(self.0.path(), words)
    }

    /// The page of these files.
    fn page(&self, files: &[&str]) -> String {
        self.typed(&[&["report"], files, &["-o", "-"]].concat()).ok()
    }

    /// What `rank --format json` says of machines beside each other.
    fn side_by_side(&self, files: &[&str]) -> Value {
        self.typed(&[&["rank", "--format", "json"], files].concat()).json()["side_by_side"].take()
    }
}

#[track_caller]
fn assert_has(page: &str, words: &[&str]) {
    for word in words {
        assert!(page.contains(word), "'{word}' is not in it");
    }
}

/// The text of the section `id`, without tags; a place where a line may end is no space.
fn section(page: &str, id: &str) -> String {
    let start = page.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no section {id}"));
    let length = page[start..].find("</section>").unwrap();
    let mut text = String::new();
    for (at, part) in page[start..start + length].replace("<wbr>", "").split('<').enumerate() {
        text.push_str(if at == 0 { part } else { part.split_once('>').map_or("", |(_, text)| text) });
        text.push(' ');
    }
    text
}

#[test]
fn two_machines_stand_side_by_side_and_one_does_not() {
    let files = Files::new(&[AMD, ARM]);
    let page = files.page(&[AMD, ARM]);
    let machines = section(&page, "machines");
    let reversal = "made-up/array is faster on synthetic-arm-128-0000; made-up/ring on synthetic-amd-48-0000";
    assert_has(
        &machines,
        &["synthetic-amd-48-0000", "synthetic-arm-128-0000", BASE, reversal, "in the same order on every machine: 5"],
    );
    assert!(!files.page(&[AMD]).contains("<section id=\"machines\""));
}

#[test]
fn headings_say_which_machine_a_scenario_is_of_where_there_are_several() {
    let files = Files::new(&[AMD, ARM]);
    let (both, one) = (files.page(&[AMD, ARM]), files.page(&[AMD]));
    for id in ["ranking", "cost", "quality"] {
        let has = |page: &str, machine: &str| section(page, id).contains(&format!(" on {machine},"));
        assert!(has(&both, "synthetic-amd-48-0000") && has(&both, "synthetic-arm-128-0000"), "{id}");
        assert!(!has(&one, "synthetic-amd-48-0000"), "{id}");
    }
}

#[test]
fn orders_that_hold_on_both_machines_or_are_reversed_are_counted() {
    let both = Files::new(&[AMD, ARM]).side_by_side(&[AMD, ARM]);
    let base = &both["scenarios"][0];
    assert_eq!((&base["scenario"], &base["agreements"], &base["open"]), (&json!(BASE), &json!(5), &json!(0)));
    let reversal = json!([{
        "one": "made-up/array", "other": "made-up/ring",
        "one_faster_on": ["synthetic-arm-128-0000"], "other_faster_on": ["synthetic-amd-48-0000"],
    }]);
    assert_eq!(base["reversals"], reversal);
    let ring = base["rows"].as_array().unwrap().iter().find(|row| row["queue"] == "made-up/ring").unwrap();
    for (machine, ns, times) in [(0, 10.0, 5.0), (1, 30.0, 7.0 / 3.0)] {
        let on = &ring["on"][machine];
        let near = |value: &Value, wanted: f64| (value.as_f64().unwrap() / wanted - 1.0).abs() < 0.03;
        assert!(near(&on["ns"], ns) && near(&on["times_reference"]["estimate"], times), "{on}");
    }
    // A scenario that one machine alone has is not beside anything.
    assert_eq!(both["scenarios"].as_array().unwrap().len(), 2);
    assert_eq!(both["left_out"], json!([]));
}

#[test]
fn pairs_that_are_undecided_on_one_machine_are_open() {
    let files = Files::new(&[AMD]);
    files.bend(ARM, |lines| lines.retain(|line| line["type"] != "block" || line["round"].as_u64() < Some(3)));
    let both = files.side_by_side(&[AMD, ARM]);
    let base = &both["scenarios"][0];
    assert_eq!((&base["agreements"], &base["open"], &base["reversals"]), (&json!(0), &json!(6), &json!([])));
}

#[test]
fn files_that_cannot_be_joined_are_listed_with_the_key_that_differs() {
    for (key, bend) in [
        ("rustc", &(|run: &mut Value| run["toolchain"]["rustc"] = json!("rustc 9.9.9")) as &dyn Fn(&mut Value)),
        ("method", &|run| run["method"] = json!(2)),
        ("reference", &|run| run["scenarios"][0]["reference"] = json!("made-up/ring")),
        ("smoke", &|run| run["profile"] = json!("smoke")),
    ] {
        let files = Files::new(&[AMD]);
        files.bend(ARM, |lines| bend(&mut lines[0]));
        let left_out = files.side_by_side(&[AMD, ARM])["left_out"].take();
        let first = left_out[0].to_string();
        assert!(first.contains(key) && first.contains(BASE) && first.contains("synthetic-arm-128-0000"), "{left_out}");
        assert_has(&section(&files.page(&[AMD, ARM]), "machines"), &[key, "synthetic-arm-128-0000"]);
    }
}

#[test]
fn files_with_little_in_them_have_a_page_that_says_so() {
    let files = Files::new(&[]);
    let is_block = |line: &Value| line["type"] == "block";
    files.bend(AMD, |lines| lines.truncate(1));
    assert_has(&files.page(&[AMD]), &["No block was measured", "queuebench run", "did not come to its end"]);
    files.bend(AMD, |lines| {
        for line in lines.iter_mut().filter(|line| is_block(line)) {
            (line["outcome"], line["detail"]) = (json!("lost"), json!("3 messages"));
        }
    });
    let lost = files.page(&[AMD]);
    assert_has(&section(&lost, "answer"), &["No queue has a figure"]);
    assert_has(&section(&lost, "ranking"), &["lost", "failed", "3 messages"]);
    files.bend(AMD, |lines| lines.retain(|line| !is_block(line) || line["queue"] == "made-up/ring"));
    assert_has(&section(&files.page(&[AMD]), "answer"), &["made-up/ring is the only one measured"]);
    files.bend(AMD, |lines| {
        let one = lines.iter().position(|line| line["queue"] == "made-up/ring").unwrap();
        *lines = vec![lines[0].clone(), lines[one].clone()];
    });
    let one = files.page(&[AMD]);
    assert_has(&section(&one, "ranking"), &["made-up/ring", "n = 1 block"]);
    assert_has(&one, &["1 scenario, 1 block"]);
}

#[test]
fn a_machine_of_256_cpus_has_a_page() {
    let page = Files::new(&["synthetic-ppc-256.jsonl"]).page(&["synthetic-ppc-256.jsonl"]);
    assert_has(&section(&page, "machine"), &["64 cores, 256 cpus"]);
    assert_has(&section(&page, "answer"), &["Of 2 queues in suite ", "made-up/ring is the fastest;"]);
}

#[test]
fn a_map_of_cores_stands_beside_results() {
    let files = Files::new(&[AMD]);
    std::fs::copy(fixtures().join("results/synthetic-amd-48-cores.json"), files.0.path().join("cores.json")).unwrap();
    assert_has(&section(&files.page(&[AMD, "cores.json"]), "cores"), &["same-l3", "cross-node", "60", "300"]);
    let markdown = files.typed(&["report", AMD, "cores.json", "--format", "markdown"]).ok();
    assert_has(&markdown, &["| a cache line, cross-node | 300 ns to and fro |", "`limit/line-transfer`"]);
}

#[test]
fn a_page_goes_to_a_file_or_to_stdout() {
    let files = Files::new(&[AMD]);
    let said = files.typed(&["report", AMD]);
    assert_has(&said.err, &["report.html", "3 scenarios of 1 machine"]);
    assert_eq!(said.ok(), "");
    let written = std::fs::read_to_string(files.0.path().join("report.html")).unwrap();
    assert!(written.starts_with("<!DOCTYPE html>"));
    assert!(files.page(&[AMD]).starts_with("<!DOCTYPE html>"));
}

#[test]
fn a_page_replaces_a_page_and_nothing_else() {
    let files = Files::new(&[AMD]);
    let here = |name: &str| files.0.path().join(name);
    let results = std::fs::read_to_string(here(AMD)).unwrap();
    std::fs::copy(fixtures().join("results/synthetic-amd-48-cores.json"), here("cores.json")).unwrap();
    std::os::unix::fs::symlink(AMD, here("another-name.jsonl")).unwrap();
    std::fs::write(here("notes.txt"), "mine").unwrap();
    std::fs::write(here("empty.html"), "").unwrap();
    for output in [AMD, "./another-name.jsonl", "cores.json"] {
        files.typed(&["report", AMD, "cores.json", "-o", output]).error(1, &["one of the files to read", "-o"]);
    }
    files.typed(&["report", AMD, "-o", "notes.txt"]).error(1, &["notes.txt", "no page of queuebench", "-o"]);
    assert_eq!(std::fs::read_to_string(here(AMD)).unwrap(), results);
    assert_eq!(std::fs::read_to_string(here("notes.txt")).unwrap(), "mine");
    for output in ["empty.html", "empty.html", "new.html"] {
        let said = files.typed(&["report", AMD, "cores.json", "-o", output]);
        assert_has(&said.err, &["1 core-to-core map"]);
        said.ok();
    }
}

#[test]
fn what_is_no_results_file_says_what_to_type() {
    typed(&["report", "nowhere.jsonl"]).error(1, &["nowhere.jsonl", "cannot be read", "ls results"]);
    typed(&["report", "tiny.toml"]).error(1, &["tiny.toml, line 1", "queuebench run"]);
    typed(&["report"]).error(2, &["<FILES>", "--help"]);
    typed(&["report", "results/synthetic.jsonl", "-s", "nothing-like-it", "-o", "-"]).error(1, &["-s", "-q"]);
    typed(&["report", "results/synthetic.jsonl", "-o", "no/such/folder.html"]).error(1, &["no/such/folder.html", "-o"]);
}

#[test]
fn hostile_texts_are_inert_on_the_page_and_in_its_csv() {
    let files = Files::new(&[]);
    let script = "</script><script>alert(1)</script><img src=x onerror=alert(1)>";
    files.bend(AMD, |lines| {
        lines[0]["machine"]["cpu_model"] = json!(script);
        lines[0]["toolchain"]["rustflags"] = json!(format!("{script}\u{202e}\u{1b}[31m"));
        for (at, line) in lines.iter_mut().enumerate().filter(|(_, line)| line["queue"] == "made-up/ring") {
            (line["outcome"], line["detail"]) = (json!("lost"), json!(format!("=HYPERLINK(\"{at}\") {script}")));
        }
        for line in lines.iter_mut().filter(|line| line["queue"] == "made-up/array") {
            line["flags"] = json!(["+cmd|' /C calc'!A0", "@SUM(1)", script]);
        }
    });
    let page = files.page(&[AMD]);
    assert!(!page.contains("<img") && !page.contains("<script>alert") && !page.contains(['\u{202e}', '\u{1b}']));
    assert_has(&page, &["&lt;img src=x onerror=alert(1)&gt;"]);
    let link = "data:text/csv;base64,";
    let start = page.find(link).unwrap() + link.len();
    let encoded = &page[start..start + page[start..].find('"').unwrap()];
    let csv = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()).unwrap();
    assert_has(&csv, &["'=HYPERLINK", "'+cmd"]);
    for cell in csv.lines().flat_map(|line| line.split(',')) {
        let opens = cell.trim_start_matches('"').chars().next();
        assert!(!matches!(opens, Some('=' | '+' | '@' | '\t' | '\r')), "{cell}");
    }
}

#[test]
fn markdown_of_hostile_files_is_inert() {
    let files = Files::new(&[]);
    let machine = files.0.path().join("synthetic-amd-48-0000");
    std::fs::create_dir(&machine).unwrap();
    let name = "[x](https://evil.example) <b> `y` | *z* www.evil.example";
    std::fs::write(machine.join("machine.toml"), format!("name = '{name}'\nnotes = '{name}'\n")).unwrap();
    let bent = files.bend(AMD, |lines| lines[0]["machine"]["cpu_model"] = json!("a | b\n# c"));
    std::fs::rename(bent, machine.join(AMD)).unwrap();
    let markdown = files.typed(&["report", &format!("synthetic-amd-48-0000/{AMD}"), "--format", "markdown"]).ok();
    let escaped = r"\[x](https\://evil.example) \<b> \`y\` \| \*z\* www\.evil.example";
    assert_has(
        &markdown,
        &[&format!("| [{escaped}](#synthetic-amd-48-0000) | a \\| b# c | 48 | 1 |"), &format!("\n{escaped}: ")],
    );
}

#[test]
fn a_machine_goes_by_its_name_where_it_has_one() {
    let files = Files::new(&[ARM]);
    let json = |file: &str| files.typed(&["rank", file, "--format", "json"]).json()["machines"][0].take();
    assert_eq!(json(ARM)["name"], Value::Null);
    let folder = files.0.path().join("synthetic-arm-128-0000");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(files.0.path().join(ARM), folder.join(ARM)).unwrap();
    std::fs::write(folder.join("machine.toml"), "name = 'Made up'\nnotes = 'Never was.'\ncontributor = 'nobody'\n")
        .unwrap();
    let path = format!("synthetic-arm-128-0000/{ARM}");
    let machine = json(&path);
    assert_eq!([&machine["name"], &machine["notes"], &machine["contributor"]], ["Made up", "Never was.", "nobody"]);
    assert_has(&files.page(&[&path]), &["Never was."]);
    std::fs::write(folder.join("machine.toml"), "name = 'Made up'\nnotes = 7\n").unwrap();
    files.typed(&["report", &path, "-o", "-"]).error(1, &["machine.toml, line 2", "notes"]);
}

/// `results/<folder>/` with the file of one machine.
fn contributed(folder: &str) -> (Files, PathBuf) {
    let files = Files::new(&[ARM]);
    let to = files.0.path().join("results").join(folder);
    std::fs::create_dir_all(&to).unwrap();
    std::fs::rename(files.0.path().join(ARM), to.join(ARM)).unwrap();
    (files, to)
}

fn validated(files: &Files, folder: &Path) -> Said {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().display().to_string()).collect();
    names.sort();
    files.typed(&[&["validate"], &names.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat())
}

#[test]
fn contributed_results_are_of_the_machine_that_their_folder_names_and_say_what_it_is() {
    let (files, folder) = contributed("synthetic-arm-128-0000");
    let said = validated(&files, &folder);
    assert_has(&said.err, &["results/synthetic-arm-128-0000/machine.toml is missing", "name = ", "notes = "]);
    assert_eq!((said.code, said.out.contains("ok, 144 blocks")), (Some(1), true));
    std::fs::write(folder.join("machine.toml"), "name = 'Made up'\nnotes = 'Never was.'\n").unwrap();
    let said = validated(&files, &folder);
    assert_eq!((said.err.as_str(), said.out.contains("machine.toml: ok, Made up")), ("", true));
    assert_eq!(said.code, Some(0));
    std::fs::write(folder.join("machine.toml"), "name = 'Made up'\n").unwrap();
    let said = validated(&files, &folder);
    assert_eq!((said.code, said.err.matches("notes: is missing").count()), (Some(1), 1));
}

#[test]
fn results_in_the_folder_of_another_machine_are_refused_unless_it_is_the_local_one() {
    let (files, folder) = contributed("synthetic-other-4c8t-0000");
    std::fs::write(folder.join("machine.toml"), "name = 'Other'\nnotes = 'x'\n").unwrap();
    let said = validated(&files, &folder);
    assert_has(&said.err, &["measured on synthetic-arm-128-0000", "move it to results/synthetic-arm-128-0000/"]);
    assert_eq!(said.code, Some(1));
    let (files, folder) = contributed("local");
    assert_eq!(validated(&files, &folder).ok().lines().count(), 1);
    std::fs::write(folder.join("machine.toml"), "name = 'Other'\nnotes = 'x'\n").unwrap();
    let said = validated(&files, &folder);
    assert_has(&said.err, &["warning: ", "synthetic-arm-128-0000"]);
    assert_eq!(said.code, Some(0));
}

#[test]
fn runs_that_others_have_no_use_for_are_refused_as_contributions_only() {
    let short = |lines: &mut Vec<Value>| {
        lines.retain(|line| line["scenario"] != BASE || line["round"].as_u64().is_none_or(|round| round < 9));
    };
    let unoptimised = |lines: &mut Vec<Value>| lines[0]["toolchain"]["opt_level"] = json!("0");
    let killed = |lines: &mut Vec<Value>| lines.truncate(lines.len() - 1);
    type Bend = dyn Fn(&mut Vec<Value>);
    let all: [(&Bend, &str); 3] =
        [(&short, "8B/same-l3 has 9 rounds"), (&unoptimised, "without optimisation"), (&killed, "has not ended")];
    for (bend, why) in all {
        let (files, folder) = contributed("synthetic-arm-128-0000");
        std::fs::write(folder.join("machine.toml"), "name = 'Made up'\nnotes = 'Never was.'\n").unwrap();
        let bent = files.bend(ARM, bend);
        assert_eq!(files.typed(&["validate", ARM]).code, Some(0), "anywhere else it is a results file");
        std::fs::rename(bent, folder.join(ARM)).unwrap();
        let said = validated(&files, &folder);
        assert_has(&said.err, &[why, "leave it in results/local/"]);
        assert_eq!((said.code, said.err.lines().count()), (Some(1), 1));
    }
}

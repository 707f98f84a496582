//! What is no fault.

use serde_json::json;

use crate::sample::{END, FIRST_BLOCK, LAST_BLOCK, RUN, SKIP, bent, lines, read, text};

#[test]
fn the_sample_is_read_whole() {
    let results = read(text(&lines())).unwrap();
    assert_eq!((results.blocks.len(), results.skips.len()), (4, 1));
    assert!(results.end.is_some());
}

#[test]
fn a_truncated_last_line_is_left_out() {
    let whole = text(&lines()[..=LAST_BLOCK]);
    let upto = text(&lines()[..LAST_BLOCK]).len();
    for cut in [whole.len() - 1, upto + 1, upto + 30] {
        let results = read(&whole[..cut]).unwrap();
        assert_eq!((results.blocks.len(), results.whole, results.resumable), (3, upto as u64, upto as u64));
    }
}

#[test]
fn a_file_without_an_end_or_without_blocks_is_one_to_go_on_with() {
    assert!(bent(|lines| lines.truncate(END)).unwrap().end.is_none());
    let results = bent(|lines| lines.truncate(1)).unwrap();
    assert!(results.blocks.is_empty() && results.end.is_none());
}

#[test]
fn unknown_fields_are_ignored_on_every_line() {
    let results = bent(|lines| {
        for line in lines.iter_mut() {
            line["colour"] = json!({ "of": ["a later version", 1e300, null] });
        }
        lines[RUN]["machine"]["colour"] = json!("blue");
        lines[RUN]["topology"]["colour"] = json!([1]);
        lines[RUN]["scenarios"][0]["colour"] = json!(false);
    });
    assert_eq!(results.unwrap().blocks.len(), 4);
}

#[test]
fn fields_a_block_can_do_without_may_be_missing() {
    let results = bent(|lines| {
        for field in ["detail", "endpoints", "regime", "flags", "round_trips", "peak_backlog", "capacity"] {
            lines[FIRST_BLOCK].as_object_mut().unwrap().remove(field);
        }
        lines[SKIP].as_object_mut().unwrap().remove("queue");
    });
    assert_eq!(results.unwrap().skips[0].queue, None);
}

#[test]
fn lines_may_end_as_they_do_on_windows() {
    assert_eq!(read(text(&lines()).replace('\n', "\r\n")).unwrap().blocks.len(), 4);
}

#[test]
fn a_queue_that_this_program_does_not_know_is_one_like_others() {
    let results = bent(|lines| lines[FIRST_BLOCK]["queue"] = json!("their-crate/new.kind_2+spin@base"));
    assert_eq!(results.unwrap().blocks[0].queue, "their-crate/new.kind_2+spin@base");
}

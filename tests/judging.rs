//! The command `findings`: what it prints, and what it tells scripts.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_peerscope");
    Command::new(program).args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn capture(name: &str) -> String {
    format!("{}/captures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn rows(arguments: &[&str]) -> Vec<Value> {
    let text = printed(arguments);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_check_tells_scripts_of_errors_by_its_exit_code() {
    let code = |name| run(&["findings", "--check", &capture(name)]).status.code();
    assert_eq!(code("misbehaving.pcap"), Some(1));
    assert_eq!(code("loopback.pcap"), Some(0));
    assert_eq!(code("no such file"), Some(3));
    let unchecked = run(&["findings", &capture("misbehaving.pcap")]);
    assert_eq!(unchecked.status.code(), Some(0));
}

#[test]
fn each_finding_is_an_object_with_the_same_keys() {
    let rows = rows(&["findings", "--json", &capture("misbehaving.pcap")]);
    let choked = |row: &&Value| row["code"] == "request-while-choked";
    let row = rows.iter().find(choked).unwrap();
    let keys: Vec<&str> = row
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let known = [
        "code",
        "connection",
        "frame",
        "group",
        "message",
        "severity",
        "src",
        "time",
    ];
    assert_eq!(keys, known);
    assert_eq!(
        (row["frame"].as_u64(), row["connection"].as_u64()),
        (Some(30), Some(1))
    );
    assert_eq!(
        (&row["severity"], &row["src"]),
        (&"error".into(), &"10.77.0.2:40002".into())
    );
}

#[test]
fn the_table_has_as_many_rows_as_there_are_objects() {
    let capture = capture("misbehaving.pcap");
    let table = printed(&["findings", "--csv", &capture]);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let cells: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let objects = rows(&["findings", "--json", &capture]);
    assert_eq!(cells.len(), objects.len());
    for (cells, object) in cells.iter().zip(objects) {
        assert_eq!(
            (&cells[5], &cells[6]),
            (
                object["code"].as_str().unwrap(),
                object["message"].as_str().unwrap()
            )
        );
    }
}

#[test]
fn a_severity_and_a_filter_leave_the_others_out() {
    let capture = capture("misbehaving.pcap");
    let all = rows(&["findings", "--json", &capture]);
    let errors = rows(&["findings", "--json", "--severity", "error", &capture]);
    assert!(!errors.is_empty() && errors.len() < all.len());
    assert!(errors.iter().all(|row| row["severity"] == "error"));
    let requests = rows(&["findings", "--json", "-Y", "type == request", &capture]);
    assert!(!requests.is_empty() && requests.len() < all.len());
}

#[test]
fn a_rule_that_does_not_exist_is_a_usage_error_that_names_those_like_it() {
    let output = run(&["findings", "--explain", "request-while-chocked"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("request-while-choked"), "{said}");
}

#[test]
fn no_finding_tells_who_the_peers_are_under_the_mask() {
    let arguments = ["findings", "--json", "--mask", &capture("misbehaving.pcap")];
    let text = printed(&arguments);
    assert!(
        text.contains("192.0.2.") && !text.contains("10.77.0"),
        "{text}"
    );
    let plain = rows(&["findings", "--json", &capture("misbehaving.pcap")]);
    assert_eq!(rows(&arguments).len(), plain.len());
}

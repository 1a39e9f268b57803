//! Datagrams of uTP in any order -> the record.
#![no_main]

#[allow(dead_code, reason = "each target runs one of the checks")]
#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::utp::check(input));

//! Rules of `capture`.

use super::Case;
use super::scene::Scene;

pub(crate) const CASES: &[Case] = &[Case {
    rule: "capture-snaplen",
    breaks: || Scene::fast().snapped(3).found(),
    keeps: || Scene::fast().snapped(0).found(),
    doubts: || Scene::fast().gap("b", 100).found(),
}];

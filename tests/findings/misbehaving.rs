//! Two peers that break rules on purpose: at each step what a reader should say, and nothing where nothing is wrong.

//! Messages of Tribler's overlay, as it had them before it left the peer wire protocol.

/// Ids from 225 on, in the words of Tribler's own list.
const NAMES: [&str; 29] = [
    "channelcast",              // 225
    "votecast",                 // 226
    "closed swarm challenge A", // 227
    "closed swarm challenge B", // 228
    "closed swarm proof A",     // 229
    "closed swarm proof B",     // 230
    "crawler reply",            // 231
    "crawler request",          // 232
    "",
    "friendship",        // 234
    "give-to-get",       // 235
    "bartercast",        // 236
    "query reply",       // 237
    "query",             // 238
    "social overlap",    // 239
    "keep-alive",        // 240
    "reserve pieces",    // 241
    "pieces reserved",   // 242
    "dialback request",  // 243
    "dialback reply",    // 244
    "stop help",         // 245
    "download help",     // 246
    "metadata",          // 247
    "get metadata",      // 248
    "buddycast",         // 249
    "piece with hashes", // 250
    "response 2",        // 251
    "response 1",        // 252
    "challenge",         // 253
];

/// The name of a message of Tribler, ids 225 to 253.
pub fn tribler(id: u8) -> Option<&'static str> {
    let name = NAMES.get(usize::from(id.checked_sub(225)?))?;
    Some(*name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_names_of_triblers_list() {
        assert_eq!(tribler(225), Some("channelcast"));
        assert_eq!(tribler(232), Some("crawler request"));
        assert_eq!(tribler(234), Some("friendship"));
        assert_eq!(tribler(240), Some("keep-alive"));
        assert_eq!(tribler(250), Some("piece with hashes"));
        assert_eq!(tribler(253), Some("challenge"));
        assert_eq!(
            (tribler(224), tribler(233), tribler(254)),
            (None, None, None)
        );
    }
}

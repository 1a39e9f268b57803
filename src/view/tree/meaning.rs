//! What a message means, for who does not know the protocol by heart.

use crate::wire::Kind;

/// One sentence.
pub(super) fn meaning(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Handshake => {
            "names the torrent and the client; every direction begins with it (BEP 3)"
        }
        Kind::KeepAlive => "says nothing, keeps the connection open (BEP 3)",
        Kind::Choke => "I will not answer your requests for now (BEP 3)",
        Kind::Unchoke => "I will answer your requests (BEP 3)",
        Kind::Interested => "you have pieces that I want (BEP 3)",
        Kind::NotInterested => "you have nothing that I want (BEP 3)",
        Kind::Have => "I now have this piece (BEP 3)",
        Kind::Bitfield => "the pieces that I have, one bit each (BEP 3)",
        Kind::Request => "send me this block (BEP 3)",
        Kind::Piece => "the block that you asked for (BEP 3)",
        Kind::Cancel => "I no longer want this block (BEP 3)",
        Kind::Port => "my DHT node listens on this UDP port (BEP 5)",
        Kind::Suggest => "you might download this piece (BEP 6)",
        Kind::HaveAll => "I have every piece (BEP 6)",
        Kind::HaveNone => "I have no piece (BEP 6)",
        Kind::Reject => "I will not send this block (BEP 6)",
        Kind::AllowedFast => "you may request this piece even while I choke you (BEP 6)",
        Kind::Extended => "a message of an extension that its receiver has named (BEP 10)",
        Kind::HashRequest => "send me these hashes of a file's tree (BEP 52)",
        Kind::Hashes => "the hashes that you asked for (BEP 52)",
        Kind::HashReject => "I will not send these hashes (BEP 52)",
        Kind::Unknown => "no BEP assigns this id; it is kept and stepped over",
        Kind::Gap => "these bytes were sent, and are not in the capture",
        Kind::Azureus => "a message of Vuze and BiglyBT among themselves",
        Kind::Encrypted => "a key exchange (MSE), or what it hides",
        Kind::Conflict => "these bytes differ from those that came first, which were decoded",
        Kind::Undecoded => return None,
    })
}

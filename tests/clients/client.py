"""client.py make FOLDER: makes a torrent of FOLDER/seed/file.
client.py seed|fetch FOLDER IP OTHER open|rc4|plaintext: seeds it, or fetches it, in plaintext or behind a key exchange.

A client writes its peer log to FOLDER/ROLE.log as it comes, and in the end prints what it heard from the other, a
message a line. What it believes to have said does not count: libtorrent logs some messages that it never sends, and
sends some that it does not log.
"""
import os
import random
import re
import sys
import threading
import time

import libtorrent

SIZE = 2_000_000
PIECE = 64 * 1024
PATIENCE = 30
OTHER_NAMES = {"extensions": "handshake", "extended_handshake": "extended", "upload_only": "extended"}
# A handshake is logged in parts, one of which is its extensions; what was decrypted is logged in blocks, too.
NO_MESSAGES = {"HANDSHAKE", "ENCRYPTION"}


def make(folder):
    with open(folder + "/seed/file", "wb") as file:
        file.write(random.Random(6881).randbytes(SIZE))
    files = libtorrent.file_storage()
    files.add_file("file", SIZE)
    torrent = libtorrent.create_torrent(files, PIECE, libtorrent.create_torrent.v1_only)
    libtorrent.set_piece_hashes(torrent, folder + "/seed")
    with open(folder + "/x.torrent", "wb") as file:
        file.write(libtorrent.bencode(torrent.generate()))


def encryption(manner):
    if manner == "open":
        policy, level = libtorrent.enc_policy.disabled, libtorrent.enc_level.both
    else:
        policy, level = libtorrent.enc_policy.forced, getattr(libtorrent.enc_level, manner)
    return {"out_enc_policy": int(policy), "in_enc_policy": int(policy), "allowed_enc_level": int(level)}


def settings(ip):
    off = ["enable_outgoing_utp", "enable_incoming_utp", "enable_dht", "enable_lsd", "enable_upnp", "enable_natpmp"]
    # Two seeds have nothing to say to each other. If they closed the connection, what is still on its way
    # would be on the wire and in no log.
    return dict.fromkeys(off + ["close_redundant_connections"], False) | {
        "listen_interfaces": ip + ":6881",
        # By default a peer that could not be reached is left alone for a minute, and for good after three times.
        "min_reconnect_time": 1,
        "max_failcount": 1000,
        "alert_queue_size": 1_000_000,
        "alert_mask": libtorrent.alert.category_t.peer_log_notification,
    }


def wait_until(is_so):
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            sys.exit("not in time")
        time.sleep(0.1)


def fetch(torrent, other):
    def is_finished():
        if torrent.status().num_peers == 0:
            torrent.connect_peer((other, 6881))
        return torrent.status().is_seeding

    wait_until(is_finished)
    # The last messages go out after the last piece came in.
    time.sleep(1)


def log(session, path):
    """Whoever reads the log reads of a key as soon as libtorrent tells it."""
    with open(path, "a", buffering=1) as file:
        while True:
            # What wait_for_alert gives may be gone while Python looks at it.
            time.sleep(0.001)
            file.writelines(alert.message() + "\n" for alert in session.pop_alerts())


def heard(path):
    """On the last connection, whose beginning is the last handshake."""
    found = [name.lower() for name in re.findall(r"<== ([A-Z_]+)", open(path).read()) if name not in NO_MESSAGES]
    last = max((at for at, name in enumerate(found) if name == "extensions"), default=0)
    return [OTHER_NAMES.get(name, name) for name in found[last:]]


def main(role, folder, ip=None, other=None, manner=None):
    if role == "make":
        return make(folder)
    session = libtorrent.session(settings(ip) | encryption(manner))
    path = f"{folder}/{role}.log"
    threading.Thread(target=log, args=(session, path), daemon=True).start()
    info = libtorrent.torrent_info(folder + "/x.torrent")
    torrent = session.add_torrent({"ti": info, "save_path": f"{folder}/{role}"})
    # Before its files are checked, a client turns others away.
    states = libtorrent.torrent_status.states
    wait_until(lambda: session.is_listening() and torrent.status().state in (states.downloading, states.seeding))
    print("ready", flush=True)
    if role == "fetch":
        fetch(torrent, other)
    else:
        sys.stdin.read()
    session.pause()
    time.sleep(0.3)
    print(*heard(path), sep="\n", flush=True)
    # The thread may be asking the session.
    os._exit(0)


main(*sys.argv[1:])

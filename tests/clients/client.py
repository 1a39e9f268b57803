"""client.py make|seed|fetch FOLDER [IP OTHER]: makes a torrent of FOLDER/seed/file, seeds it, or fetches it.

A client prints what it heard from the other, a message a line. What it believes to have said does not count:
libtorrent logs some messages that it never sends, and sends some that it does not log.
"""
import random
import re
import sys
import time

import libtorrent

SIZE = 2_000_000
PIECE = 64 * 1024
PATIENCE = 30
OTHER_NAMES = {"extensions": "handshake", "extended_handshake": "extended", "upload_only": "extended"}


def make(folder):
    with open(folder + "/seed/file", "wb") as file:
        file.write(random.Random(6881).randbytes(SIZE))
    files = libtorrent.file_storage()
    files.add_file("file", SIZE)
    torrent = libtorrent.create_torrent(files, PIECE, libtorrent.create_torrent.v1_only)
    libtorrent.set_piece_hashes(torrent, folder + "/seed")
    with open(folder + "/x.torrent", "wb") as file:
        file.write(libtorrent.bencode(torrent.generate()))


def settings(ip):
    off = ["enable_outgoing_utp", "enable_incoming_utp", "enable_dht", "enable_lsd", "enable_upnp", "enable_natpmp"]
    # Two seeds have nothing to say to each other. If they closed the connection, what is still on its way
    # would be on the wire and in no log.
    return dict.fromkeys(off + ["close_redundant_connections"], False) | {
        "listen_interfaces": ip + ":6881",
        "out_enc_policy": int(libtorrent.enc_policy.disabled),
        "in_enc_policy": int(libtorrent.enc_policy.disabled),
        # By default a peer that could not be reached is left alone for a minute.
        "min_reconnect_time": 1,
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


def heard(alerts):
    for alert in alerts:
        found = re.search(r"<== ([A-Z_]+)", alert.message())
        # A handshake is logged in parts, one of which is its extensions.
        if found and found[1] != "HANDSHAKE":
            name = found[1].lower()
            yield OTHER_NAMES.get(name, name)


def main(role, folder, ip=None, other=None):
    if role == "make":
        return make(folder)
    session = libtorrent.session(settings(ip))
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
    print(*heard(session.pop_alerts()), sep="\n")


main(*sys.argv[1:])

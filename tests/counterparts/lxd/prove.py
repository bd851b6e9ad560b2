"""Drives a started LXD over mutual TLS with nothing but http.client: snapshot, restore, compare bytes, delete.

Owns: the proof that README.md tells the truth. Usage: prove.py FILE, the file holding the line of JSON.
Never: LXD's own client or socket.
Read next: README.md.
"""

import hashlib
import http.client
import json
import ssl
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

SAID = json.loads(Path(sys.argv[1]).read_text())
VOLUMES = f"/1.0/storage-pools/{SAID['pool']}/volumes/custom"
SNAPSHOTS = f"{VOLUMES}/vault/snapshots"


def ask(method, path, body=None, client="client"):
    """One request; returns the status and the answer. The server's certificate is pinned, then checked by fingerprint."""
    context = ssl.create_default_context(cafile=SAID["server_certificate"])
    if client:
        context.load_cert_chain(SAID[client]["certificate"], SAID[client]["key"])
    connection = http.client.HTTPSConnection(urlsplit(SAID["url"]).netloc, context=context, timeout=60)
    connection.request(method, path, json.dumps(body) if body is not None else None)
    seen = hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest()
    expect("the server shows the fingerprint that was told", seen, SAID["server_fingerprint"], quiet=True)
    response = connection.getresponse()
    answer = json.load(response)
    connection.close()
    return response.status, answer


def finished(answer):
    """Waits for an operation; returns its status, code and error text."""
    status, done = ask("GET", answer["operation"] + "/wait?timeout=60")
    expect("waiting answers 200 whether the operation failed or not", status, 200, quiet=True)
    return done["metadata"]["status"], done["metadata"]["status_code"], done["metadata"]["err"]


def expect(what, seen, wanted, quiet=False):
    """Ends with a sentence where LXD did not do what README.md says."""
    if seen != wanted:
        sys.exit(f"prove: {what}: expected {wanted!r}, saw {seen!r}")
    if not quiet:
        print(f"ok  {what}")


def fails_with(what, seen, code, words):
    """Expects an error answer with this code and these words in its text."""
    status, answer = seen
    expect(what, (status, answer["type"], answer["error_code"], words in answer["error"]), (code, "error", code, True))


def names(path=SNAPSHOTS):
    """The last parts of the listed paths."""
    return [entry.rsplit("/", 1)[1] for entry in ask("GET", path)[1]["metadata"]]


def digests(folder):
    """The bytes of a volume: file name to SHA-256."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(Path(folder).iterdir())}


def who_may():
    """The three certificates, and none."""
    expect("a trusted certificate is trusted", ask("GET", "/1.0")[1]["metadata"]["auth"], "trusted")
    for client in ("client_untrusted", None):
        expect(f"{client} sees that it is not trusted", ask("GET", "/1.0", client=client)[1]["metadata"]["auth"], "untrusted")
        fails_with(f"{client} may list nothing", ask("GET", VOLUMES, client=client), 403, "not authorized")
    pool = {"name": "other", "driver": "dir"}
    fails_with("a restricted certificate may make no pool",
               ask("POST", "/1.0/storage-pools", pool, "client_restricted"), 403, "not authorized")
    fails_with("a restricted certificate sees no other project",
               ask("GET", VOLUMES + "?project=other", client="client_restricted"), 403, "not authorized")
    status, answer = ask("POST", SNAPSHOTS, {"name": "restricted"}, "client_restricted")
    expect("a restricted certificate may snapshot", (status, finished(answer)[0]), (202, "Success"))
    expect("and delete", finished(ask("DELETE", SNAPSHOTS + "/restricted")[1])[0], "Success")


def snapshot():
    """Creation, its conflicts, its list."""
    status, answer = ask("POST", SNAPSHOTS, {"name": "run-1", "expires_at": "2099-01-01T00:00:00Z"})
    expect("a snapshot is an operation", (status, answer["type"], answer["status_code"]), (202, "async", 100))
    expect("which succeeds", finished(answer), ("Success", 200, ""))
    fails_with("the name is unique", ask("POST", SNAPSHOTS, {"name": "run-1"}), 409, 'Snapshot "run-1" already in use')
    fails_with("a name has no slash", ask("POST", SNAPSHOTS, {"name": "a/b"}), 400, 'cannot contain "/"')
    fails_with("a name has no space", ask("POST", SNAPSHOTS, {"name": "a b"}), 400, "cannot contain white space")
    fails_with("no volume, no snapshot", ask("POST", f"{VOLUMES}/nope/snapshots", {"name": "x"}), 404, "not found")
    expect("the list of a missing volume is empty, not an error", ask("GET", f"{VOLUMES}/nope/snapshots")[0], 200)
    expect("the list names it", names(), ["run-1"])
    [listed] = ask("GET", SNAPSHOTS + "?recursion=1")[1]["metadata"]
    one = ask("GET", SNAPSHOTS + "/run-1")[1]["metadata"]
    expect("a listed snapshot bears its volume's name, a single one does not", (listed["name"], one["name"]),
           ("vault/run-1", "run-1"))
    expect("the volume's configuration is in the snapshot", one["config"]["user.tenant"], "acme")
    expect("the time of creation is not kept", one["created_at"], "0001-01-01T00:00:00Z")
    expect("a description may be set afterwards", ask("PATCH", SNAPSHOTS + "/run-1", {"description": "run 1 of 9"})[0], 200)
    one = ask("GET", SNAPSHOTS + "/run-1")[1]["metadata"]
    expect("and is kept, beside the expiry", (one["description"], one["expires_at"]), ("run 1 of 9", "2099-01-01T00:00:00Z"))


def restore():
    """Bytes: changed, restored into a new volume, restored in place."""
    live = SAID["volumes"]["vault"]["path"]
    before = digests(live)
    (Path(live) / "blob").write_bytes(b"changed")
    (Path(live) / "new").write_bytes(b"new")
    expect("the volume has changed", digests(live) != before, True)
    copy = {"name": "restored", "source": {"type": "copy", "pool": SAID["pool"], "name": "vault/run-1"}}
    status, answer = ask("POST", VOLUMES, copy)
    expect("a new volume from a snapshot is an operation", (status, finished(answer)), (202, ("Success", 200, "")))
    expect("it holds the old bytes", digests(SAID["bytes"].format(volume="restored")), before)
    fails_with("its name is unique", ask("POST", VOLUMES, copy), 409, "Volume by that name already exists")
    copy["name"], copy["source"]["name"] = "never", "vault/nope"
    status, answer = ask("POST", VOLUMES, copy)
    ended = finished(answer)
    expect("a missing snapshot is found out late", (status, ended[:2], "not found" in ended[2]), (202, ("Failure", 400), True))
    expect("and leaves no volume", ask("GET", VOLUMES + "/never")[0], 404)
    expect("a restore in place answers when it is done", ask("PUT", VOLUMES + "/vault", {"restore": "run-1"})[0], 200)
    expect("the volume holds the old bytes again", digests(live), before)


def delete():
    """Snapshots, then the volume with its snapshots."""
    expect("a snapshot is deleted by an operation", finished(ask("DELETE", SNAPSHOTS + "/run-1")[1])[0], "Success")
    fails_with("once", ask("DELETE", SNAPSHOTS + "/run-1"), 404, "Storage pool volume not found")
    fails_with("it is gone", ask("GET", SNAPSHOTS + "/run-1"), 404, "Storage pool volume not found")
    answer = ask("POST", SNAPSHOTS, {"name": "run-2"})[1]
    expect("another snapshot", finished(answer)[0], "Success")
    bytes_of_snapshot = Path(SAID["snapshot_bytes"].format(volume="vault", snapshot="run-2"))
    expect("its bytes are there", bytes_of_snapshot.exists(), True)
    status, gone = ask("DELETE", VOLUMES + "/vault")
    expect("deleting the volume succeeds at once although it has a snapshot", (status, gone["type"]), (200, "sync"))
    expect("its snapshots went with it", (names(), ask("GET", SNAPSHOTS + "/run-2")[0]), ([], 404))
    expect("and their bytes", bytes_of_snapshot.exists(), False)
    time.sleep(6)
    expect("five seconds later the operation is unknown", ask("GET", answer["operation"])[0], 404)


for step in (who_may, snapshot, restore, delete):
    step()

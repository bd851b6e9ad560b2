"""Drives a started Cinder with the official client: snapshot, find by metadata, restore, refuse, fail, delete.

Owns: the proof that README.md tells the truth. Usage: prove.py FILE in the venv, the file holding the line of JSON.
Never: noauth, or another way round Keystone.
Read next: README.md.
"""

import json
import sys
import time
from pathlib import Path

from cinderclient import client, exceptions
from keystoneauth1 import session
from keystoneauth1.identity import v3

SAID = json.loads(Path(sys.argv[1]).read_text())
BYTES = Path(SAID["bytes"])
#: A fault or a state lasts a moment; a loaded machine may need much longer.
PATIENCE_S = 60


def connect(auth, microversion="3.71"):
    """The official client of this person."""
    return client.Client(microversion, session=session.Session(auth=auth), region_name=SAID["region"])


def with_credential(name, microversion="3.71"):
    """The client of an application credential."""
    credential = SAID[name]
    return connect(v3.ApplicationCredential(SAID["auth_url"], credential["secret"], credential["id"]), microversion)


def with_password(who, project):
    """The client of a person."""
    return connect(v3.Password(SAID["auth_url"], username=who["user"], password=who["password"], user_domain_id="default",
                               project_name=project, project_domain_id="default"))


def expect(what, seen, wanted=True):
    """Ends with a sentence where the servers did not do what README.md says."""
    if seen != wanted:
        sys.exit(f"prove: {what}: expected {wanted!r}, saw {seen!r}")
    print(f"ok  {what}")


def refused(what, kind, words, act):
    """Expects the official client's exception of this kind with these words."""
    try:
        act()
    except exceptions.ClientException as error:
        expect(what, (type(error).__name__, words in str(error)), (kind.__name__, True))
        return
    sys.exit(f"prove: {what}: it was not refused")


def until(get, *states):
    """Looks until the state is one of these; `gone` stands for 404. Returns the state."""
    for _ in range(PATIENCE_S * 5):
        try:
            state = get().status
        except exceptions.NotFound:
            state = "gone"
        if state in states:
            return state
        time.sleep(0.2)
    sys.exit(f"prove: the state {state} did not become one of {states}")


def snapshot(cinder, vault):
    """Creation, and finding it again by its run."""
    made = cinder.volume_snapshots.create(vault, name="nightly", metadata={"run": "r-1", "tenant": "acme"})
    expect("a new snapshot is creating", made.status, "creating")
    expect("and becomes available", until(lambda: cinder.volume_snapshots.get(made.id), "available", "error"), "available")
    twin = cinder.volume_snapshots.create(vault, name="nightly", metadata={"run": "r-2"})
    until(lambda: cinder.volume_snapshots.get(twin.id), "available")
    found = cinder.volume_snapshots.list(search_opts={"metadata": {"run": "r-1"}})
    expect("two bear one name, metadata tells them apart", [one.id for one in found], [made.id])
    old = with_credential("application_credential", "3.0").volume_snapshots
    expect("before micro-version 3.22 the metadata filter is silently ignored",
           len(old.list(search_opts={"metadata": {"run": "r-1"}})), 2)
    expect("a snapshot knows its volume and size", (made.volume_id, made.size), (vault, 1))
    return made, twin


def restore(cinder, vault, made):
    """A new volume holds the old bytes; reverting works from the newest snapshot only."""
    before = (BYTES / f"volume-{vault}").read_bytes()
    (BYTES / f"volume-{vault}").write_bytes(b"changed")
    volume = cinder.volumes.create(1, snapshot_id=made.id, name="restored")
    expect("a volume from a snapshot becomes available", until(lambda: cinder.volumes.get(volume.id), "available", "error"),
           "available")
    expect("it names its snapshot", cinder.volumes.get(volume.id).snapshot_id, made.id)
    expect("it holds the old bytes", (BYTES / f"volume-{volume.id}").read_bytes(), before)
    refused("an older snapshot cannot be reverted to", exceptions.BadRequest, "not the latest one",
            lambda: cinder.volumes.revert_to_snapshot(cinder.volumes.get(vault), made))
    cinder.volumes.delete(volume.id)
    expect("it can be deleted", until(lambda: cinder.volumes.get(volume.id), "gone"), "gone")


def refuse(cinder, vault, made):
    """What Cinder says no to, and to whom."""
    refused("a volume with snapshots is not deleted", exceptions.BadRequest, "have snapshots",
            lambda: cinder.volumes.delete(vault))
    refused("a missing snapshot is not found", exceptions.NotFound, "could not be found",
            lambda: cinder.volume_snapshots.get("11111111-1111-1111-1111-111111111111"))
    reader = with_password(SAID["reader"], "acme")
    expect("a reader sees snapshots", made.id in [one.id for one in reader.volume_snapshots.list()])
    refused("a reader makes none", exceptions.Forbidden, "Policy doesn't allow volume:create_snapshot",
            lambda: reader.volume_snapshots.create(vault))
    stranger = with_password(SAID["stranger"], "other")
    refused("another project finds nothing", exceptions.NotFound, "could not be found", lambda: stranger.volumes.get(vault))
    narrow = with_credential("application_credential_narrow")
    refused("a credential with access rules can do nothing else", exceptions.Unauthorized, "requires authentication",
            lambda: narrow.volumes.delete(vault))
    admin = with_password(SAID["admin"], "admin")
    admin.quotas.update(SAID["project_id"], snapshots=1)
    refused("a full quota is 413", exceptions.OverLimit, "SnapshotLimitExceeded", lambda: cinder.volume_snapshots.create(vault))
    admin.quotas.update(SAID["project_id"], snapshots=50)


def fail(cinder, vault):
    """Slow and failing storage."""
    faults = Path(SAID["faults"])
    faults.write_text(json.dumps({"create_snapshot": {"seconds": 2, "error": "the disk is full"}}))
    made = cinder.volume_snapshots.create(vault, name="doomed")
    time.sleep(1)
    expect("a slow one is still creating", cinder.volume_snapshots.get(made.id).status, "creating")
    refused("and cannot be deleted meanwhile", exceptions.BadRequest, "status must be available or error",
            lambda: cinder.volume_snapshots.delete(made.id))
    expect("a failing one ends in error", until(lambda: cinder.volume_snapshots.get(made.id), "available", "error"), "error")
    [said] = [one for one in cinder.messages.list() if one.resource_uuid == made.id]
    expect("the reason is a message", said.user_message, "create snapshot:Snapshot failed to create.")
    faults.unlink()
    cinder.volume_snapshots.delete(made.id)
    expect("it can be deleted", until(lambda: cinder.volume_snapshots.get(made.id), "gone", "error_deleting"), "gone")


def delete(cinder, vault, made, twin):
    """Snapshots one by one, then a volume with all that are left."""
    cinder.volume_snapshots.delete(made.id)
    expect("a snapshot is deleted", until(lambda: cinder.volume_snapshots.get(made.id), "gone", "error_deleting"), "gone")
    refused("once", exceptions.NotFound, "could not be found", lambda: cinder.volume_snapshots.delete(made.id))
    cinder.volumes.delete(vault, cascade=True)
    expect("a volume goes with its snapshots when told so", until(lambda: cinder.volumes.get(vault), "gone", "error_deleting"),
           "gone")
    expect("they are gone", until(lambda: cinder.volume_snapshots.get(twin.id), "gone"), "gone")


def prove():
    """All of it, in order."""
    cinder, vault = with_credential("application_credential"), SAID["volumes"]["vault"]
    made, twin = snapshot(cinder, vault)
    restore(cinder, vault, made)
    refuse(cinder, vault, made)
    fail(cinder, vault)
    delete(cinder, vault, made, twin)


prove()

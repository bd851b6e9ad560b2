"""What exists: disks with a few bytes each, snapshots of those bytes, instances.

Owns: resources, ids, links, label fingerprints, the chain of snapshots that decides storageBytes, the fake's clock.
Never: HTTP, checks of requests.
Read next: methods.py.
"""

import base64
import hashlib
import json
import time
from datetime import datetime, timedelta, timezone

from operations import Operations

#: Links name this host whatever host was asked: a client must not follow them blindly.
LINKS = "https://www.googleapis.com/compute/v1/"
#: Google's times carry the offset of California.
OFFSET = timezone(timedelta(hours=-8))
#: Ids begin above 2^53 and 2^63: whoever reads them as a float or a signed number is found out.
FIRST_ID = 10_000_000_000_000_000_001
#: Snapshots share blocks of this many bytes.
BLOCK = 16
ZONES = ("europe-west1-b", "europe-west1-c", "southamerica-east1-a", "us-central1-a", "us-central1-b")
DEFAULT_DISK_GB = 500


class Disk:
    """A disk and its bytes."""

    def __init__(self, fields, content=b""):
        self.fields = fields
        self.content = content


class Snapshot:
    """A snapshot, the bytes that it holds, and what is still happening to it."""

    def __init__(self, fields, content):
        self.fields = fields
        self.content = content
        self.operation = None
        self.uploads_left = 0
        self.ends_as = "READY"


class World:
    """Everything of all projects."""

    def __init__(self, projects):
        self.projects = set(projects)
        self.disks = {}
        self.snapshots = {}
        self.instances = {}
        self.chains = {}
        self.fixed_now = None
        self.polls_advance = True
        self._ids = FIRST_ID
        self.operations = Operations(self)

    # Time and names

    def now(self):
        """Seconds since 1970: the machine's, or what the control endpoint says."""
        return time.time() if self.fixed_now is None else self.fixed_now

    def time(self):
        """Now as Google writes it."""
        return datetime.fromtimestamp(self.now(), OFFSET).isoformat(timespec="milliseconds")

    def next_id(self):
        """A new number."""
        self._ids += 1
        return self._ids

    @staticmethod
    def link(path):
        """The link of a path such as projects/p/global/snapshots/s."""
        return LINKS + path

    # Making

    def make_disk(self, project, zone, name, said=None, content=b"", status="READY"):
        """A disk with the fields of a request (`said`)."""
        said = said or {}
        path = f"projects/{project}/zones/{zone}/disks/{name}"
        fields = {
            "kind": "compute#disk",
            "id": str(self.next_id()),
            "creationTimestamp": self.time(),
            "name": name,
            "sizeGb": str(DEFAULT_DISK_GB),
            "zone": self.link(f"projects/{project}/zones/{zone}"),
            "status": status,
            "selfLink": self.link(path),
            "type": self.link(f"projects/{project}/zones/{zone}/diskTypes/pd-standard"),
            "physicalBlockSizeBytes": "4096",
            "enableConfidentialCompute": False,
            "satisfiesPzi": False,
            **{key: said[key] for key in ("description", "sizeGb") if key in said},
        }
        set_labels(fields, said.get("labels", {}))
        disk = Disk(fields, content)
        self.disks[(project, zone, name)] = disk
        return disk

    def make_snapshot(self, project, disk, name, said=None, status="CREATING"):
        """A snapshot of the disk's bytes of this moment."""
        said = said or {}
        path = f"projects/{project}/global/snapshots/{name}"
        size = str(len(disk.content))
        fields = {
            "kind": "compute#snapshot",
            "id": str(self.next_id()),
            "creationTimestamp": said.get("creationTimestamp") or self.time(),
            "name": name,
            "status": status,
            "sourceDisk": disk.fields["selfLink"],
            "sourceDiskId": disk.fields["id"],
            "diskSizeGb": disk.fields["sizeGb"],
            "selfLink": self.link(path),
            "snapshotType": said.get("snapshotType", "STANDARD"),
            "storageLocations": said.get("storageLocations") or ["us"],
            "creationSizeBytes": size,
            "downloadBytes": size,
            "enableConfidentialCompute": False,
            "satisfiesPzi": False,
            **{key: said[key] for key in ("description", "snapshotEncryptionKey", "chainName") if key in said},
        }
        set_labels(fields, said.get("labels", {}))
        snapshot = Snapshot(fields, disk.content)
        self.snapshots[(project, name)] = snapshot
        return snapshot

    def make_instance(self, project, zone, name, disks, protected=False):
        """A running instance; `disks` are (disk, auto_delete), the first one is its boot disk."""
        path = f"projects/{project}/zones/{zone}/instances/{name}"
        attached = [
            {"kind": "compute#attachedDisk", "index": index, "boot": index == 0, "autoDelete": auto_delete,
             "type": "PERSISTENT", "mode": "READ_WRITE", "deviceName": disk.fields["name"],
             "source": disk.fields["selfLink"]}
            for index, (disk, auto_delete) in enumerate(disks)
        ]
        fields = {
            "kind": "compute#instance", "id": str(self.next_id()), "creationTimestamp": self.time(), "name": name,
            "zone": self.link(f"projects/{project}/zones/{zone}"), "status": "RUNNING", "selfLink": self.link(path),
            "deletionProtection": protected, "disks": attached,
        }
        for disk, _ in disks:
            disk.fields["users"] = [*disk.fields.get("users", ()), fields["selfLink"]]
        self.instances[(project, zone, name)] = fields
        return fields

    # The life of a snapshot

    def settle(self, snapshot, status):
        """The snapshot is complete: it joins its disk's chain."""
        snapshot.fields["status"] = status
        if status == "READY":
            self.chains.setdefault(snapshot.fields["sourceDiskId"], []).append(snapshot)
            self._measure(snapshot)

    def remove_snapshot(self, project, name):
        """The snapshot is gone; what later ones need of it moves to the next one."""
        snapshot = self.snapshots.pop((project, name), None)
        if snapshot is None:
            return
        chain = self.chains.get(snapshot.fields["sourceDiskId"], [])
        if snapshot in chain:
            place = chain.index(snapshot)
            chain.pop(place)
            if place < len(chain):
                self._measure(chain[place])

    def _measure(self, snapshot):
        chain = self.chains[snapshot.fields["sourceDiskId"]]
        place = chain.index(snapshot)
        before = _blocks(chain[place - 1].content) if place else []
        mine = _blocks(snapshot.content)
        own = [block for index, block in enumerate(mine) if index >= len(before) or before[index] != block]
        snapshot.fields.update(storageBytes=str(sum(map(len, own))), storageBytesStatus="UP_TO_DATE")

    def look_at(self, snapshot):
        """A look moves what happens to the snapshot one state on."""
        if not self.polls_advance:
            return
        operation = snapshot.operation
        if operation is not None and operation.status != "DONE":
            operation.advance(self.time())
        elif snapshot.fields["status"] == "UPLOADING":
            snapshot.uploads_left -= 1
            if snapshot.uploads_left <= 0:
                self.settle(snapshot, snapshot.ends_as)


def set_labels(fields, labels):
    """Sets the labels and their fingerprint, which changes with every change."""
    if labels:
        fields["labels"] = dict(labels)
    else:
        fields.pop("labels", None)
    seed = json.dumps([labels, fields.get("labelFingerprint")], sort_keys=True)
    fields["labelFingerprint"] = base64.b64encode(hashlib.sha256(seed.encode()).digest()[:8]).decode()


def _blocks(content):
    return [content[at : at + BLOCK] for at in range(0, len(content), BLOCK)]

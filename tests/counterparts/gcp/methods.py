"""What the built methods do.

Owns: the meaning of disks, snapshots, operations and instances, one function per method.
Never: checks that the document decides (contract.py did them before), HTTP, faults.
Read next: world.py, operations.py, listing.py.
"""

import re

from answers import Refusal, already_exists, forbidden, invalid, not_found, not_ready
from listing import answer
from operations import GLOBAL
from world import set_labels

BUILT = {}


def method(name):
    """Marks a function as the meaning of a method of the document."""

    def register(function):
        BUILT["compute." + name] = function
        return function

    return register


class Call:
    """A checked request: method, path parameters, query, body, and who asks."""

    def __init__(self, world, contract_method, bound, query, body, bearer):
        self.world = world
        self.method = contract_method
        self.bound = bound
        self.query = query
        self.body = body
        self.bearer = bearer
        self.project = bound["project"]
        self.zone = bound.get("zone")
        #: The operation that the request began, and the snapshot that it is about: faults need them.
        self.operation = None
        self.subject = None

    def zone_path(self, kind, name):
        """projects/p/zones/z/disks/d."""
        return f"projects/{self.project}/zones/{self.zone}/{kind}/{name}"

    def snapshot_path(self, name):
        """projects/p/global/snapshots/s."""
        return f"projects/{self.project}/global/snapshots/{name}"


def _by_name_or_id(table, key, name, fields):
    if name.isdigit():
        return next((one for at, one in table.items() if at[:-1] == key and fields(one)["id"] == name), None)
    return table.get((*key, name))


def find_disk(call, name):
    """The disk of the call's zone."""
    found = _by_name_or_id(call.world.disks, (call.project, call.zone), name, lambda one: one.fields)
    if found is None:
        raise not_found(call.zone_path("disks", name))
    return found


def find_snapshot(call, name, project=None):
    """The snapshot of the call's project."""
    project = project or call.project
    found = _by_name_or_id(call.world.snapshots, (project,), name, lambda one: one.fields)
    if found is None:
        raise not_found(f"projects/{project}/global/snapshots/{name}")
    return found


# Disks


@method("disks.insert")
def insert_disk(call):
    """A new disk, empty or from a snapshot; its bytes arrive when the operation is done."""
    world, body, name = call.world, call.body, call.body["name"]
    path = call.zone_path("disks", name)
    source = _source_snapshot(call) if "sourceSnapshot" in body else None
    least = int(source.fields["diskSizeGb"]) if source else 1
    size = int(body.get("sizeGb", least if source else 500))
    if size < least:
        raise invalid(f"Invalid value for field 'resource.sizeGb': '{size}'. "
                      f"Requested disk size cannot be smaller than the snapshot size ({least} GB)")
    if (call.project, call.zone, name) in world.disks:
        raise already_exists(path)
    disk = world.make_disk(call.project, call.zone, name, {**body, "sizeGb": str(size)}, status="CREATING")
    if source:
        disk.fields.update(sourceSnapshot=source.fields["selfLink"], sourceSnapshotId=source.fields["id"])
        disk.fields["status"] = "RESTORING"
    content = source.content if source else b""

    def finish():
        disk.fields["status"] = "READY"
        disk.content = disk.content or content

    def undo():
        world.disks.pop((call.project, call.zone, name), None)

    return world.operations.begin(call, call.zone, "insert", (path, disk.fields["id"]), finish, undo).fields


def _source_snapshot(call):
    said = call.body["sourceSnapshot"]
    match = re.fullmatch(
        r"(?:https://(?:www|compute)\.googleapis\.com/compute/v1/)?(?:projects/([^/]+)/)?global/snapshots/([^/]+)", said
    )
    if match is None:
        raise invalid(f"Invalid value for field 'resource.sourceSnapshot': '{said}'. The URL is malformed.")
    snapshot = find_snapshot(call, match[2], match[1])
    if snapshot.fields["status"] != "READY":
        raise not_ready(f"projects/{match[1] or call.project}/global/snapshots/{match[2]}")
    return snapshot


@method("disks.get")
def get_disk(call):
    """One disk."""
    return find_disk(call, call.bound["disk"]).fields


@method("disks.list")
def list_disks(call):
    """The zone's disks."""
    found = [disk.fields for (project, zone, _), disk in call.world.disks.items()
             if (project, zone) == (call.project, call.zone)]
    link = call.world.link(f"projects/{call.project}/zones/{call.zone}/disks")
    return answer("compute#diskList", found, call.query, link)


@method("disks.delete")
def delete_disk(call):
    """The disk goes, its snapshots stay."""
    disk = find_disk(call, call.bound["disk"])
    name = disk.fields["name"]
    path = call.zone_path("disks", name)
    if disk.fields.get("users"):
        user = disk.fields["users"][0].split("/v1/", 1)[1]
        raise Refusal(400, "resourceInUseByAnotherResource",
                      f"The disk resource '{path}' is already being used by '{user}'")
    before, disk.fields["status"] = disk.fields["status"], "DELETING"

    def finish():
        call.world.disks.pop((call.project, call.zone, name), None)

    def undo():
        disk.fields["status"] = before

    return call.world.operations.begin(call, call.zone, "delete", (path, disk.fields["id"]), finish, undo).fields


@method("disks.createSnapshot")
def create_snapshot_of_disk(call):
    """A snapshot, asked of the disk: a zone operation whose target is the disk."""
    disk = find_disk(call, call.bound["disk"])
    target = (call.zone_path("disks", disk.fields["name"]), disk.fields["id"])
    return _snapshot(call, disk, call.zone, "createSnapshot", target)


# Snapshots


@method("snapshots.insert")
def insert_snapshot(call):
    """A snapshot, asked of the project: a global operation."""
    said = call.body.get("sourceDisk", "")
    match = re.fullmatch(
        r"(?:https://(?:www|compute)\.googleapis\.com/compute/v1/)?(?:projects/([^/]+)/)?zones/([^/]+)/disks/([^/]+)", said
    )
    if match is None:
        raise invalid(f"Invalid value for field 'resource.sourceDisk': '{said}'. The URL is malformed.")
    project = match[1] or call.project
    if project != call.bearer.account.project:
        raise forbidden("compute.disks.createSnapshot", f"projects/{project}/zones/{match[2]}/disks/{match[3]}")
    disk = call.world.disks.get((project, match[2], match[3]))
    if disk is None:
        raise not_found(f"projects/{project}/zones/{match[2]}/disks/{match[3]}")
    return _snapshot(call, disk, GLOBAL, "insert", None)


def _snapshot(call, disk, scope, kind, target):
    world, name = call.world, call.body["name"]
    if disk.fields["status"] != "READY":
        raise not_ready(disk.fields["selfLink"].split("/v1/", 1)[1])
    if (call.project, name) in world.snapshots:
        raise already_exists(call.snapshot_path(name))
    snapshot = world.make_snapshot(call.project, disk, name, call.body)

    def run():
        snapshot.fields["status"] = "UPLOADING"

    def finish():
        if snapshot.uploads_left <= 0:
            world.settle(snapshot, snapshot.ends_as)

    def undo():
        if snapshot.ends_as == "FAILED":
            world.settle(snapshot, "FAILED")
        else:
            world.remove_snapshot(call.project, name)

    target = target or (call.snapshot_path(name), snapshot.fields["id"])
    snapshot.operation = world.operations.begin(call, scope, kind, target, finish, undo, run)
    call.subject = snapshot
    return snapshot.operation.fields


@method("snapshots.get")
def get_snapshot(call):
    """One snapshot; a look moves it on."""
    snapshot = find_snapshot(call, call.bound["snapshot"])
    call.world.look_at(snapshot)
    return find_snapshot(call, call.bound["snapshot"]).fields


@method("snapshots.list")
def list_snapshots(call):
    """The project's snapshots."""
    found = [snapshot.fields for (project, _), snapshot in call.world.snapshots.items() if project == call.project]
    return answer("compute#snapshotList", found, call.query, call.world.link(f"projects/{call.project}/global/snapshots"))


@method("snapshots.delete")
def delete_snapshot(call):
    """The snapshot goes when the operation is done; until then it is DELETING."""
    snapshot = find_snapshot(call, call.bound["snapshot"])
    name, path = snapshot.fields["name"], call.snapshot_path(snapshot.fields["name"])
    before = snapshot.fields["status"]
    if before not in ("READY", "FAILED"):
        raise not_ready(path)
    snapshot.fields["status"] = "DELETING"

    def finish():
        call.world.remove_snapshot(call.project, name)

    def undo():
        snapshot.fields["status"] = before

    target = (path, snapshot.fields["id"])
    snapshot.operation = call.world.operations.begin(call, GLOBAL, "delete", target, finish, undo)
    call.subject = snapshot
    return snapshot.operation.fields


@method("snapshots.setLabels")
def set_snapshot_labels(call):
    """New labels in place of all old ones, if the fingerprint is the present one."""
    snapshot = find_snapshot(call, call.bound["resource"])
    path = call.snapshot_path(snapshot.fields["name"])
    if call.body.get("labelFingerprint") != snapshot.fields["labelFingerprint"]:
        raise Refusal(412, "conditionNotMet", "Labels fingerprint either invalid or resource labels have changed",
                      extra={"location": "If-Match", "locationType": "header"})
    labels = call.body.get("labels", {})
    before = dict(snapshot.fields.get("labels", {}))
    set_labels(snapshot.fields, labels)

    def undo():
        set_labels(snapshot.fields, before)

    target = (path, snapshot.fields["id"])
    return call.world.operations.begin(call, GLOBAL, "setLabels", target, lambda: None, undo).fields

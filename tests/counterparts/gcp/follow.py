"""What the built methods do, continued: operations and instances.

Owns: following an operation in its own scope; looking at and deleting an instance.
Never: disks and snapshots.
Read next: methods.py.
"""

from answers import invalid, not_found
from listing import answer
from methods import method
from operations import GLOBAL


def _followed(call, scope):
    operation = call.world.operations.find(call, scope)
    if call.world.polls_advance:
        operation.advance(call.world.time())
    return operation.fields


def _operations(call, scope):
    found = [one.fields for (project, place, _), one in call.world.operations.all.items()
             if (project, place) == (call.project, scope)]
    path = GLOBAL if scope == GLOBAL else f"zones/{scope}"
    link = call.world.link(f"projects/{call.project}/{path}/operations")
    return answer("compute#operationList", found, call.query, link)


@method("zoneOperations.get")
def get_zone_operation(call):
    """One state on, then the operation."""
    return _followed(call, call.zone)


@method("zoneOperations.wait")
def wait_zone_operation(call):
    """Like get: Google may answer a wait before the operation is done, here it always does."""
    return _followed(call, call.zone)


@method("zoneOperations.list")
def list_zone_operations(call):
    """The zone's operations as they stand."""
    return _operations(call, call.zone)


@method("globalOperations.get")
def get_global_operation(call):
    """One state on, then the operation."""
    return _followed(call, GLOBAL)


@method("globalOperations.wait")
def wait_global_operation(call):
    """Like get."""
    return _followed(call, GLOBAL)


@method("globalOperations.list")
def list_global_operations(call):
    """The global operations as they stand."""
    return _operations(call, GLOBAL)


def _instance(call):
    name = call.bound["instance"]
    found = call.world.instances.get((call.project, call.zone, name))
    if found is None:
        raise not_found(call.zone_path("instances", name))
    return found


@method("instances.get")
def get_instance(call):
    """One instance."""
    return _instance(call)


@method("instances.delete")
def delete_instance(call):
    """The instance goes, and those of its disks that say autoDelete; snapshots stay."""
    world, fields = call.world, _instance(call)
    path = call.zone_path("instances", fields["name"])
    if fields["deletionProtection"]:
        raise invalid(f"Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion. {path}'.")
    before, fields["status"] = fields["status"], "STOPPING"

    def finish():
        world.instances.pop((call.project, call.zone, fields["name"]), None)
        for attached in fields["disks"]:
            key = (call.project, call.zone, attached["source"].rsplit("/", 1)[1])
            disk = world.disks[key]
            disk.fields["users"] = [user for user in disk.fields["users"] if user != fields["selfLink"]]
            if attached["autoDelete"]:
                del world.disks[key]

    def undo():
        fields["status"] = before

    return world.operations.begin(call, call.zone, "delete", (path, fields["id"]), finish, undo).fields

"""Operations: the life of every change, in the scope that it belongs to.

Owns: PENDING, RUNNING, DONE, the error of an operation, the memory of request ids.
Never: real time between the states: a look at an operation, or the control endpoint, moves it one state on.
Read next: world.py.
"""

import json

from answers import invalid, not_found

STATES = ["PENDING", "RUNNING", "DONE"]
PROGRESS = {"PENDING": 0, "RUNNING": 50, "DONE": 100}
GLOBAL = "global"

#: Error code of an operation -> (HTTP status, phrase, message) that Compute Engine gives with it.
ERRORS = {
    "QUOTA_EXCEEDED": (403, "FORBIDDEN", "Quota 'SNAPSHOTS' exceeded.  Limit: 1000.0 globally."),
    "RESOURCE_OPERATION_RATE_EXCEEDED": (403, "FORBIDDEN", "Operation rate exceeded for resource. Too frequent operations "
                                         "from the source resource."),
    "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE": (400, "BAD REQUEST", "The resource is already being used by another resource."),
    "RESOURCE_ALREADY_EXISTS": (409, "CONFLICT", "The resource already exists."),
    "RESOURCE_NOT_READY": (400, "BAD REQUEST", "The resource is not ready."),
    "RESOURCE_NOT_FOUND": (404, "NOT FOUND", "The resource was not found."),
    "INTERNAL_ERROR": (503, "SERVICE UNAVAILABLE", "Internal error. Please try again or contact Google Support."),
    "ZONE_RESOURCE_POOL_EXHAUSTED": (503, "SERVICE UNAVAILABLE", "The zone does not have enough resources available."),
}


def _nothing():
    """For operations that have nothing to show at a step."""


class Operation:
    """One operation; `run()` shows that it began, `finish()` makes the change true, `undo()` takes it back."""

    def __init__(self, fields, finish, undo, run):
        self.fields = fields
        self.finish = finish
        self.undo = undo
        self.run = run
        self.error = None

    @property
    def status(self):
        """The state's name."""
        return self.fields["status"]

    def fail_with(self, code, message=None):
        """The operation will end with this error."""
        self.error = (code, message)

    def advance(self, now):
        """One state on; nothing after DONE."""
        if self.status == "DONE":
            return
        status = STATES[STATES.index(self.status) + 1]
        self.fields.update(status=status, progress=PROGRESS[status])
        if status == "RUNNING":
            self.fields["startTime"] = now
            self.run()
            return
        self.fields["endTime"] = now
        if self.error is None:
            self.finish()
            return
        code, message = self.error
        http, phrase, usual = ERRORS.get(code, (400, "BAD REQUEST", f"The operation failed: {code}."))
        inner = {"code": code, "message": message or usual}
        if code == "QUOTA_EXCEEDED":
            quota = {"metricName": "compute.googleapis.com/snapshots", "limitName": "SNAPSHOTS-per-project", "limit": 1000.0}
            inner["errorDetails"] = [{"quotaInfo": quota}]
        self.fields.update(error={"errors": [inner]}, httpErrorStatusCode=http, httpErrorMessage=phrase)
        self.undo()


class Operations:
    """All operations of the fake."""

    def __init__(self, world):
        self.world = world
        self.all = {}
        self.by_request = {}

    def begin(self, call, scope, kind, target, finish, undo=_nothing, run=_nothing):
        """A new operation for a call; `target` is (path, id)."""
        world = self.world
        number = world.next_id()
        name = f"operation-{number}-{len(self.all):x}"
        project = call.project
        place = GLOBAL if scope == GLOBAL else f"zones/{scope}"
        fields = {
            "kind": "compute#operation",
            "id": str(number),
            "name": name,
            "operationType": kind,
            "status": "PENDING",
            "progress": 0,
            "insertTime": world.time(),
            "user": call.bearer.account.email,
            "targetLink": world.link(target[0]),
            "targetId": target[1],
            "selfLink": world.link(f"projects/{project}/{place}/operations/{name}"),
        }
        if scope != GLOBAL:
            fields["zone"] = world.link(f"projects/{project}/{place}")
        operation = Operation(fields, finish, undo, run)
        self.all[(project, scope, name)] = operation
        call.operation = operation
        request_id = call.query.get("requestId")
        if request_id:
            fields["clientOperationId"] = request_id
            self.by_request[(project, request_id.lower())] = (_asked(call), operation)
        return operation

    def repeated(self, call):
        """The operation that a repeated request id began, or None.

        Google ignores whatever comes with the id again; here another request under an old id is refused, for only a
        wrong client sends it.
        """
        request_id = call.query.get("requestId")
        known = self.by_request.get((call.project, (request_id or "").lower()))
        if known is None:
            return None
        if known[0] != _asked(call):
            raise invalid(f"Invalid value for field 'requestId': '{request_id}'. It belongs to another request.")
        return known[1]

    def find(self, call, scope):
        """The operation of this scope only: a global one is not found under a zone."""
        asked = call.bound["operation"]
        found = self.all.get((call.project, scope, asked))
        if found is None and asked.isdigit():
            found = next((one for (project, place, _), one in self.all.items()
                          if (project, place) == (call.project, scope) and one.fields["id"] == asked), None)
        if found is None:
            place = GLOBAL if scope == GLOBAL else f"zones/{scope}"
            raise not_found(f"projects/{call.project}/{place}/operations/{asked}")
        return found

    def advance(self, name=None, steps=len(STATES)):
        """Moves one operation, or all of them, on."""
        for (_, _, known), operation in list(self.all.items()):
            if name in (None, known):
                for _ in range(steps):
                    operation.advance(self.world.time())

    def forget_request_ids(self):
        """As after the time for which Google remembers them."""
        self.by_request.clear()


def _asked(call):
    return call.method.id, json.dumps([call.bound, call.body], sort_keys=True)

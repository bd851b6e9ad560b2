"""What both of Google's clients are asked to do.

Owns: the steps, in the document's own names.
Never: which client it is.
Read next: clients.py.
"""

REQUEST = "11111111-2222-4333-8444-{:012}"
BYTES = "the bytes of the disk, the bytes of the disk, and some more"
#: One block of sixteen differs.
CHANGED = BYTES.replace("the bytes", "The Bytes", 1)

#: What agreeing is not enough for: (step, the only right answer); for a resource some of its fields.
EXPECTED = {
    "the same operation": True,
    "get disk early": {"status": "CREATING"},
    "list what is being made": [["first"]],
    "get snapshot early": {"status": "UPLOADING"},
    "get snapshot": {"status": "READY", "storageBytes": "59", "diskSizeGb": "10", "storageLocations": ["us"]},
    "a global operation under a zone": (404, "notFound"),
    "get second snapshot": {"status": "READY", "storageBytes": "16"},
    "pages of three": [["auto-0", "auto-1", "auto-2"], ["auto-3", "auto-4", "auto-5"], ["auto-6", "first", "second"]],
    "list labels.tenant = acme": [["first"]],
    "list name eq auto-.*": [["auto-0", "auto-1", "auto-2", "auto-3"], ["auto-4", "auto-5", "auto-6"]],
    "list name=nothing": [[]],
    "a filter that is not built": (400, "invalid"),
    "get after labels": {"labels": {"hold": "yes"}},
    "set labels with the old fingerprint": (412, "conditionNotMet"),
    "the bytes came back": True,
    "restore to a smaller disk": (400, "invalid"),
    "its snapshots stay": [["first"]],
    "a taken name": (409, "alreadyExists"),
    "a missing snapshot": (404, "notFound"),
    "a missing disk": (404, "notFound"),
    "delete without permission": (403, "forbidden"),
    "a wrong name": (400, "invalid"),
    "too fast": (403, "rateLimitExceeded"),
    "over quota, look 1": {"status": "DONE", "httpErrorStatusCode": 403},
    "get failed": {"status": "FAILED"},
    "delete and wait": True,
    "delete again": (404, "notFound"),
    "what the next one takes over": {"status": "READY", "storageBytes": "59"},
}


class Steps:
    """The transcript of one run."""

    def __init__(self, client, project, zone, told):
        self.client, self.project, self.zone, self.told = client, project, zone, told
        self.seen = []

    def see(self, step, value):
        """Notes what a step gave."""
        self.seen.append((step, value))
        return value

    def ask(self, step, service, method, client=None, **arguments):
        """One call; an error of the provider is what was seen, too."""
        zonal = service in ("disks", "zoneOperations")
        where = {"project": self.project, **({"zone": self.zone} if zonal else {})}
        try:
            return self.see(step, (client or self.client).ask(service, method, **where, **arguments))
        except self.told as told:
            return self.see(step, told.args)

    def done(self, step, operation, resource="zoneOperations"):
        """Follows an operation to its end, now with get, now with wait."""
        for turn in range(9):
            if operation["status"] == "DONE":
                return operation
            operation = self.ask(f"{step}, look {turn}", resource, ("get", "wait")[turn % 2], operation=operation["name"])
        raise RuntimeError(f"{step} is never done")


def scenario(client, weak_client, control, said, told):
    """The transcript: a list of (step, what was seen)."""
    steps = Steps(client, said["project"], said["zone"], told)
    _make(steps, control)
    _lists(steps, control)
    _change(steps)
    _restore(steps, control)
    _errors(steps, control, weak_client)
    return steps.seen


def _make(steps, control):
    body = {"name": "source", "sizeGb": "10", "labels": {"tenant": "acme"}}
    begun = steps.ask("insert disk", "disks", "insert", body=body, requestId=REQUEST.format(1))
    steps.ask("get disk early", "disks", "get", disk="source")
    steps.done("insert disk", begun)
    steps.ask("get disk", "disks", "get", disk="source")
    disk = f"/disks/{steps.project}/{steps.zone}/source/content"
    control("PUT", disk, {"text": BYTES})
    snapshot = {"name": "first", "labels": {"tenant": "acme", "run": "1"}, "description": "before the work"}
    asked = {"disk": "source", "body": snapshot, "requestId": REQUEST.format(2)}
    begun = steps.ask("create snapshot", "disks", "createSnapshot", **asked)
    again = steps.ask("create snapshot again with its request id", "disks", "createSnapshot", **asked)
    steps.see("the same operation", (begun["name"], begun["clientOperationId"]) == (again["name"], again["clientOperationId"]))
    steps.see("list what is being made", steps.client.pages("snapshots", project=steps.project, filter="status=CREATING"))
    steps.ask("get snapshot early", "snapshots", "get", snapshot="first")
    steps.done("create snapshot", begun)
    steps.ask("get snapshot", "snapshots", "get", snapshot="first")
    control("PUT", disk, {"text": CHANGED})
    second = {"name": "second", "sourceDisk": f"projects/{steps.project}/zones/{steps.zone}/disks/source"}
    begun = steps.ask("insert snapshot", "snapshots", "insert", body=second, requestId=REQUEST.format(3))
    steps.ask("a global operation under a zone", "zoneOperations", "get", operation=begun["name"])
    steps.done("insert snapshot", begun, "globalOperations")
    steps.ask("get second snapshot", "snapshots", "get", snapshot="second")


def _lists(steps, control):
    control("POST", "/seed", {"snapshots": [{"name": "auto-{n}", "disk": "source", "repeat": 7, "zone": steps.zone,
                                             "labels": {"tenant": "beta", "number": "n-{n}"}}]})
    pages = steps.client.pages
    steps.see("pages of three", pages("snapshots", project=steps.project, maxResults=3))
    for text in ("labels.tenant=beta", "labels.tenant = acme", "name eq auto-.*", "(labels.tenant=beta) (status=READY)",
                 'labels.tenant="beta" AND name="auto-2"', "labels.number:*", "name ne auto-.*", "name=nothing"):
        steps.see(f"list {text}", pages("snapshots", project=steps.project, filter=text, maxResults=4))
    steps.see("newest first", pages("snapshots", project=steps.project, orderBy="creationTimestamp desc"))
    steps.see("disks", pages("disks", project=steps.project, zone=steps.zone))
    steps.see("operations", pages("zoneOperations", project=steps.project, zone=steps.zone, filter="status=DONE"))
    steps.ask("a filter that is not built", "snapshots", "list", filter="storageBytes>5 OR name=a")


def _change(steps):
    found = steps.ask("get before labels", "snapshots", "get", snapshot="first")
    body = {"labelFingerprint": found["labelFingerprint"], "labels": {"hold": "yes"}}
    begun = steps.ask("set labels", "snapshots", "setLabels", resource="first", body=body)
    steps.done("set labels", begun, "globalOperations")
    steps.ask("get after labels", "snapshots", "get", snapshot="first")
    steps.ask("set labels with the old fingerprint", "snapshots", "setLabels", resource="first", body=body)


def _restore(steps, control):
    body = {"name": "restored", "sourceSnapshot": "global/snapshots/first", "sizeGb": "10"}
    steps.done("restore", steps.ask("restore", "disks", "insert", body=body))
    steps.ask("get restored", "disks", "get", disk="restored")
    content = control("GET", f"/disks/{steps.project}/{steps.zone}/restored/content")["text"]
    steps.see("the bytes came back", content == BYTES)
    small = {"name": "small", "sourceSnapshot": "global/snapshots/first", "sizeGb": "9"}
    steps.ask("restore to a smaller disk", "disks", "insert", body=small)
    steps.done("delete disk", steps.ask("delete disk", "disks", "delete", disk="source"))
    steps.see("its snapshots stay", steps.client.pages("snapshots", project=steps.project, filter="name=first"))


def _errors(steps, control, weak_client):
    steps.ask("a taken name", "disks", "createSnapshot", disk="restored", body={"name": "first"})
    steps.ask("a missing snapshot", "snapshots", "get", snapshot="nothing")
    steps.ask("a missing disk", "disks", "createSnapshot", disk="nothing", body={"name": "third"})
    steps.ask("delete without permission", "snapshots", "delete", weak_client, snapshot="first")
    steps.ask("a wrong name", "disks", "createSnapshot", disk="restored", body={"name": "Bad_Name"})
    control("PUT", "/faults", {"faults": [
        {"match": {"method": "disks.createSnapshot"}, "kind": "rate-limit"},
        {"match": {"method": "disks.createSnapshot"}, "kind": "operation-error", "code": "QUOTA_EXCEEDED"},
        {"match": {"method": "disks.createSnapshot"}, "kind": "failed"},
    ]})
    third = {"disk": "restored", "body": {"name": "third"}}
    steps.ask("too fast", "disks", "createSnapshot", **third)
    steps.done("over quota", steps.ask("over quota and failed", "disks", "createSnapshot", **third))
    steps.ask("get failed", "snapshots", "get", snapshot="third")
    steps.see("delete and wait", steps.client.delete_and_wait(project=steps.project, snapshot="first"))
    steps.ask("delete again", "snapshots", "delete", snapshot="first")
    steps.ask("what the next one takes over", "snapshots", "get", snapshot="second")


def unexpected(seen):
    """The steps whose answer is not the expected one, and those that are missing."""
    found, wrong = dict(seen), []
    for step, wanted in EXPECTED.items():
        got = found.get(step)
        if isinstance(wanted, dict) and isinstance(got, dict):
            got = {key: got.get(key) for key in wanted}
        if got != wanted:
            wrong.append((step, wanted, got))
    return wrong

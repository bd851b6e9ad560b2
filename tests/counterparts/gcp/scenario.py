"""What both of Google's clients are asked to do.

Owns: the steps, in the document's own names.
Never: which client it is.
Read next: clients.py.
"""

SECOND_OF = "11111111-2222-4333-8444-{:012}"
BYTES = "the bytes of the disk, the bytes of the disk, and some more"


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
    steps.done("insert disk", steps.ask("insert disk", "disks", "insert", body=body, requestId=SECOND_OF.format(1)))
    steps.ask("get disk", "disks", "get", disk="source")
    disk = f"/disks/{steps.project}/{steps.zone}/source/content"
    control("PUT", disk, {"text": BYTES})
    snapshot = {"name": "first", "labels": {"tenant": "acme", "run": "1"}, "description": "before the work"}
    asked = {"disk": "source", "body": snapshot, "requestId": SECOND_OF.format(2)}
    begun = steps.ask("create snapshot", "disks", "createSnapshot", **asked)
    again = steps.ask("create snapshot again with its request id", "disks", "createSnapshot", **asked)
    steps.see("the same operation", (begun["name"], begun["clientOperationId"]) == (again["name"], again["clientOperationId"]))
    steps.ask("get snapshot early", "snapshots", "get", snapshot="first")
    steps.done("create snapshot", begun)
    steps.ask("get snapshot", "snapshots", "get", snapshot="first")
    control("PUT", disk, {"text": BYTES.upper()})
    second = {"name": "second", "sourceDisk": f"projects/{steps.project}/zones/{steps.zone}/disks/source"}
    begun = steps.ask("insert snapshot", "snapshots", "insert", body=second, requestId=SECOND_OF.format(3))
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

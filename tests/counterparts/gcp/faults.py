"""Faults: what goes wrong on purpose, told by the control endpoint.

Owns: which fault meets which request, and what it makes of the answer.
Never: deciding by chance: a fault meets the first requests that match, in the order of the list.
Read next: lies.py, front.py, README.md (the list of kinds).
"""

from answers import HTML, PHRASES, Refusal, Reply, page, rate_limited

#: Kinds that answer in place of the method; with "done": true the method is carried out before.
INSTEAD = {"rate-limit", "429", "500", "503", "refuse", "html", "redirect", "lost-request"}
#: Kinds that change how a change ends.
ENDINGS = {"operation-error", "uploading", "failed"}
#: Kinds that change what is answered.
LIES = {
    "wrong", "wrong-source", "wrong-incarnation", "wrong-size", "wrong-labels", "wrong-project", "wrong-name", "wrong-id",
    "wrong-status", "wrong-target", "missing", "empty-page", "stale", "malformed",
}
#: Kinds of the connection.
WIRE = {"lost-reply", "duplicate-reply", "duplicate-request", "truncated", "slow"}
KINDS = INSTEAD | ENDINGS | LIES | WIRE

#: Fields that a fault may have, besides those of its kind.
KNOWN = {
    "match", "times", "after", "kind", "done", "status", "reason", "message", "retry_after", "concurrent", "code", "polls",
    "set", "back", "location", "seconds",
}


class Fault:
    """One fault of the list; `times` None means always."""

    def __init__(self, said):
        unknown = set(said) - KNOWN
        if unknown or said.get("kind") not in KINDS:
            raise ValueError(f"unknown fault: {said}; fields {sorted(KNOWN)}, kinds {sorted(KINDS)}")
        if set(said.get("match", {})) - {"method", "name"}:
            raise ValueError(f"a fault matches by method and name only: {said}")
        self.said = said
        self.kind = said["kind"]
        self.left = said.get("times", 1)
        self.skip = said.get("after", 0)
        self.met = 0

    def meets(self, method_id, name, listing):
        """Whether the fault is for this request; counts it."""
        match = self.said.get("match", {})
        method = match.get("method", "*")
        if method not in ("*", method_id, method_id.removeprefix("compute.")) or self.left == 0:
            return False
        if "name" in match and not listing and match["name"] != name:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        self.met += 1
        return True

    def view(self):
        """What the control endpoint tells."""
        return {**self.said, "left": self.left, "met": self.met}


class Faults:
    """The list of faults."""

    def __init__(self):
        self.all = []

    def put(self, said):
        """Replaces the list."""
        self.all = [Fault(one) for one in said]

    def for_request(self, method_id, name, listing=False, remembered=True):
        """The faults that meet a request: one of each kind, none after one that answers in place of the method."""
        met = []
        for fault in self.all:
            if fault.kind in [one.kind for one in met] or (fault.kind == "stale" and not remembered):
                continue
            if fault.meets(method_id, name, listing):
                met.append(fault)
                if fault.kind in INSTEAD and not fault.said.get("done"):
                    break
        return met


def instead(fault):
    """The answer of a fault that answers in place of the method; None cuts the connection."""
    said, kind = fault.said, fault.kind
    headers = {"Retry-After": str(said["retry_after"])} if "retry_after" in said else {}
    if kind == "lost-request":
        return None
    if kind == "rate-limit":
        return rate_limited(said.get("retry_after"), said.get("concurrent", False)).reply
    if kind == "html":
        status = said.get("status", 502)
        return page(status) if status in PHRASES else Reply(status, "<html></html>", kind=HTML)
    if kind == "redirect":
        return Reply(said.get("status", 302), "<html></html>", {"Location": said["location"]}, kind=HTML)
    usual = {
        "429": (429, "rateLimitExceeded", "Too many requests. Please retry later."),
        "500": (500, "internalError", "Internal error. Please try again or contact Google Support."),
        "503": (503, "backendError", "The service is currently unavailable."),
        "refuse": (400, "invalid", "Refused by the test."),
    }[kind]
    status, reason = said.get("status", usual[0]), said.get("reason", usual[1])
    domain = "usageLimits" if kind == "429" else "global"
    return Refusal(status, reason, said.get("message", usual[2]), domain=domain, headers=headers).reply


def end(fault, call):
    """Changes how the change that a call just began will end."""
    said = fault.said
    if fault.kind == "operation-error":
        call.operation.fail_with(said.get("code", "INTERNAL_ERROR"), said.get("message"))
    elif call.subject is None:
        raise ValueError(f"{fault.kind} is for the methods that make a snapshot")
    elif fault.kind == "uploading":
        call.subject.uploads_left = said.get("polls", 1)
    else:
        call.subject.ends_as = "FAILED"
        if "code" in said:
            call.operation.fail_with(said["code"], said.get("message"))

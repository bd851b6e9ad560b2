"""What tests may do to the fake, as plain HTTP with JSON.

Owns: seeding, bytes of disks, faults, the clock, the record of requests and violations.
Never: anything that a client of the provider could see.
Read next: README.md (the list of calls).
"""

import base64
import json
import re
from urllib.parse import parse_qs, urlsplit

from answers import Reply
from front import Outcome
from world import ZONES

DEFAULT_ZONE = "us-central1-a"


class Control:
    """The control endpoint of one front."""

    def __init__(self, front):
        self.front = front
        self.routes = [
            ("POST", r"/reset", self.reset),
            ("POST", r"/seed", self.seed),
            ("GET", r"/state", self.state),
            ("PUT", r"/faults", self.put_faults),
            ("GET", r"/faults", self.get_faults),
            ("POST", r"/release", self.release),
            ("POST", r"/advance", self.advance),
            ("PUT", r"/settings", self.settings),
            ("POST", r"/forget-request-ids", self.forget),
            ("GET", r"/requests", self.requests),
            ("GET", r"/violations", self.violations),
            ("GET", r"/disks/([^/]+)/([^/]+)/([^/]+)/content", self.get_disk_content),
            ("PUT", r"/disks/([^/]+)/([^/]+)/([^/]+)/content", self.put_disk_content),
            ("GET", r"/snapshots/([^/]+)/([^/]+)/content", self.get_snapshot_content),
        ]

    def answer(self, verb, target, _headers, body):
        """The outcome of a control request."""
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        for known, pattern, action in self.routes:
            match = re.fullmatch(pattern, url.path)
            if match and known == verb:
                try:
                    said = json.loads(body) if body else {}
                    with self.front.lock:
                        return Outcome(Reply(200, action(said, query, *match.groups())))
                except (KeyError, ValueError, TypeError) as error:
                    return Outcome(Reply(400, {"error": f"{type(error).__name__}: {error}"}))
        return Outcome(Reply(404, {"error": f"no {verb} {url.path} here"}))

    # The whole

    def reset(self, _said, _query):
        """Everything as at the start; accounts and keys stay."""
        self.front.reset()
        return {}

    def state(self, _said, _query):
        """Everything that exists, without moving anything."""
        world = self.front.world
        return {
            "disks": [disk.fields for disk in world.disks.values()],
            "snapshots": [snapshot.fields for snapshot in world.snapshots.values()],
            "instances": list(world.instances.values()),
            "operations": [operation.fields for operation in world.operations.all.values()],
        }

    # Seeding

    def seed(self, said, _query):
        """Disks, then snapshots of them, then instances; `repeat` makes many, with {n} in the texts."""
        made = {"disks": [], "snapshots": [], "instances": []}
        for one in _repeated(said.get("disks", ())):
            disk = self.front.world.make_disk(self._project(one), _zone(one), one["name"], one, _content(one))
            made["disks"].append(disk.fields["selfLink"])
        for one in _repeated(said.get("snapshots", ())):
            made["snapshots"].append(self._seed_snapshot(one))
        for one in _repeated(said.get("instances", ())):
            disks = [(self._disk(one, disk["name"]), disk.get("autoDelete", True)) for disk in one.get("disks", ())]
            instance = self.front.world.make_instance(
                self._project(one), _zone(one), one["name"], disks, one.get("deletionProtection", False)
            )
            made["instances"].append(instance["selfLink"])
        return made

    def _seed_snapshot(self, one):
        status = one.get("status", "READY")
        snapshot = self.front.world.make_snapshot(self._project(one), self._disk(one, one["disk"]), one["name"], one)
        if "content" in one or "text" in one:
            snapshot.content = _content(one)
        if status in ("READY", "FAILED"):
            self.front.world.settle(snapshot, status)
        else:
            snapshot.fields["status"] = status
        return snapshot.fields["selfLink"]

    def _project(self, one):
        project = one.get("project", next(iter(self.front.projects)))
        if project not in self.front.projects:
            raise ValueError(f"there is no project {project}")
        return project

    def _disk(self, one, name):
        return self.front.world.disks[(self._project(one), _zone(one), name)]

    # Bytes

    def get_disk_content(self, _said, _query, project, zone, name):
        """The disk's bytes."""
        return _shown(self.front.world.disks[(project, zone, name)].content)

    def put_disk_content(self, said, _query, project, zone, name):
        """Other bytes for the disk."""
        disk = self.front.world.disks[(project, zone, name)]
        disk.content = _content(said)
        return _shown(disk.content)

    def get_snapshot_content(self, _said, _query, project, name):
        """The snapshot's bytes."""
        return _shown(self.front.world.snapshots[(project, name)].content)

    # Faults and time

    def put_faults(self, said, _query):
        """Replaces the list of faults."""
        self.front.faults.put(said["faults"])
        return self.get_faults(said, _query)

    def get_faults(self, _said, _query):
        """The list, with how often each was met and how often it still will be."""
        return {"faults": [fault.view() for fault in self.front.faults.all]}

    def release(self, _said, _query):
        """Lets held answers go."""
        self.front.release()
        return {}

    def advance(self, said, _query):
        """Moves operations on: `operation` (all without it), `steps` (to the end without it)."""
        self.front.world.operations.advance(said.get("operation"), said.get("steps", 3))
        return {}

    def settings(self, said, _query):
        """`now` (seconds since 1970, null for the machine's clock), `polls_advance`."""
        unknown = set(said) - {"now", "polls_advance"}
        if unknown:
            raise ValueError(f"unknown settings: {sorted(unknown)}")
        world = self.front.world
        world.fixed_now = said.get("now", world.fixed_now)
        world.polls_advance = said.get("polls_advance", world.polls_advance)
        return {"now": world.now(), "polls_advance": world.polls_advance}

    def forget(self, _said, _query):
        """As when Google no longer remembers the request ids."""
        self.front.world.operations.forget_request_ids()
        return {}

    # The record

    def requests(self, _said, query):
        """What was asked, from `since` on (a number of a request, not included)."""
        return {"requests": self.front.requests[int(query.get("since", 0)) :]}

    def violations(self, _said, query):
        """What broke the contract; `of=request` or `of=response` for one side only."""
        side = query.get("of")
        return {"violations": [one for one in self.front.violations if side in (None, one["of"])]}


def _repeated(entries):
    """Each entry, or as many of it as `repeat` says."""
    for entry in entries:
        count = entry.get("repeat")
        if count is None:
            yield entry
            continue
        text = json.dumps({key: value for key, value in entry.items() if key != "repeat"})
        for number in range(count):
            yield json.loads(text.replace("{n}", str(number)))


def _zone(one):
    zone = one.get("zone", DEFAULT_ZONE)
    if zone not in ZONES:
        raise ValueError(f"there is no zone {zone}; there are {', '.join(ZONES)}")
    return zone


def _content(said):
    if "text" in said:
        return said["text"].encode()
    return base64.b64decode(said.get("content", ""), validate=True)


def _shown(content):
    return {"content": base64.b64encode(content).decode(), "text": content.decode("utf-8", "replace")}

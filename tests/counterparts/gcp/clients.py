"""The proof of honesty: Google's two unmodified clients run the same scenario against the fake and must agree.

Owns: the two ways to ask, the comparison, the verdict (exit code 0: they agree, and the fake broke nothing).
Never: a look into the fake, except through its control endpoint.
Read next: scenario.py. Reads the line of JSON of `start` on stdin; run it by `start --prove`.
"""

import json
import os
import sys
import time
import urllib.request
import warnings

warnings.simplefilter("ignore")
SAID = json.load(sys.stdin) if __name__ == "__main__" else {}
os.environ["HTTPLIB2_CA_CERTS"] = os.environ["REQUESTS_CA_BUNDLE"] = SAID.get("ca", "")

from google.api_core import exceptions  # noqa: E402
from google.api_core.client_options import ClientOptions  # noqa: E402
from google.api_core.retry import Retry  # noqa: E402
from google.cloud import compute_v1  # noqa: E402
from google.oauth2 import service_account  # noqa: E402
from google.protobuf.json_format import MessageToDict  # noqa: E402
from googleapiclient.discovery import build  # noqa: E402
from googleapiclient.errors import HttpError  # noqa: E402

from scenario import scenario, unexpected  # noqa: E402

SCOPES = ["https://www.googleapis.com/auth/compute"]
#: The clock of the fake stands still during the proof, a little ahead, so that both runs see the same times.
AHEAD_S = 30


class Told(Exception):
    """A provider's error as both clients tell it: (HTTP status, reason)."""


class Discovery:
    """google-api-python-client: dictionaries; exchanges its key for a token first."""

    name = "google-api-python-client"
    bearer = "token"

    def __init__(self, key_file):
        credentials = service_account.Credentials.from_service_account_file(key_file, scopes=SCOPES)
        options = {"api_endpoint": SAID["endpoint"] + "/compute/v1/"}
        self.service = build("compute", "v1", credentials=credentials, static_discovery=True, client_options=options)

    def ask(self, service, method, **arguments):
        """One call; `service` and `method` as in the document."""
        try:
            return getattr(getattr(self.service, service)(), method)(**arguments).execute()
        except HttpError as error:
            if not error.content.startswith(b"{"):
                raise RuntimeError(error.content.decode()) from None
            raise Told(error.status_code, json.loads(error.content)["error"]["errors"][0]["reason"]) from error

    def pages(self, resource, **arguments):
        """All pages of a list, as lists of names."""
        asked = getattr(self.service, resource)()
        request, found = asked.list(**arguments), []
        while request is not None:
            page = request.execute()
            found.append([one["name"] for one in page.get("items", ())])
            request = asked.list_next(request, page)
        return found

    def delete_and_wait(self, **arguments):
        """Deletes a snapshot and follows the operation."""
        operation = self.ask("snapshots", "delete", **arguments)
        while operation["status"] != "DONE":
            operation = self.ask("globalOperations", "wait", project=arguments["project"], operation=operation["name"])
        return "error" not in operation


class Cloud:
    """google-cloud-compute over REST: typed messages; signs its own bearer tokens."""

    name = "google-cloud-compute"
    bearer = "self-signed"
    _clients = {"disks": "DisksClient", "snapshots": "SnapshotsClient", "zoneOperations": "ZoneOperationsClient",
                "globalOperations": "GlobalOperationsClient"}
    #: How the same call is named there: (method, field of the body, its type, other names of arguments).
    _calls = {
        ("disks", "insert"): ("insert_unary", "disk_resource", "Disk"),
        ("disks", "createSnapshot"): ("create_snapshot_unary", "snapshot_resource", "Snapshot"),
        ("disks", "delete"): ("delete_unary", None, None),
        ("snapshots", "insert"): ("insert_unary", "snapshot_resource", "Snapshot"),
        ("snapshots", "delete"): ("delete_unary", None, None),
        ("snapshots", "setLabels"): ("set_labels_unary", "global_set_labels_request_resource", "GlobalSetLabelsRequest"),
    }
    _types = {"get": "Get", "wait": "Wait", "list": "List", "insert": "Insert", "delete": "Delete",
              "createSnapshot": "CreateSnapshot", "setLabels": "SetLabels"}
    _nouns = {"disks": "Disk", "snapshots": "Snapshot", "zoneOperations": "ZoneOperation",
              "globalOperations": "GlobalOperation"}

    def __init__(self, key_file):
        credentials = service_account.Credentials.from_service_account_file(key_file, scopes=SCOPES)
        options = ClientOptions(api_endpoint=SAID["endpoint"])
        made = {resource: getattr(compute_v1, kind)(credentials=credentials, client_options=options)
                for resource, kind in self._clients.items()}
        self.clients = made
        # Its own polling goes through a second client, which does not take over the endpoint.
        services = made["snapshots"].transport._extended_operations_services
        services["global_operations"] = made["globalOperations"]

    def _request(self, resource, method, arguments):
        noun = self._nouns[resource]
        name = self._types[method] + (noun + "s" if method == "list" else noun) + "Request"
        kind = getattr(compute_v1, name)
        body = arguments.pop("body", None)
        fields = {_snake(key): value for key, value in arguments.items()}
        if body is not None:
            field, inner = self._calls[(resource, method)][1:]
            fields[field] = getattr(compute_v1, inner).from_json(json.dumps(body))
        return kind(**fields)

    def ask(self, service, method, **arguments):
        """The same call, its answer as a dictionary of the document's field names."""
        called = self._calls.get((service, method), (method,))[0]
        try:
            request = self._request(service, method, arguments)
            return MessageToDict(type(answer := getattr(self.clients[service], called)(request=request)).pb(answer))
        except exceptions.GoogleAPICallError as error:
            raise Told(error.code, error.errors[0]["reason"]) from error

    def pages(self, resource, **arguments):
        """All pages of a list, as lists of names."""
        pager = self.clients[resource].list(request=self._request(resource, "list", arguments))
        return [[one.name for one in page.items] for page in pager.pages]

    def delete_and_wait(self, **arguments):
        """Deletes a snapshot; the client's own polling follows the operation."""
        request = self._request("snapshots", "delete", arguments)
        operation = self.clients["snapshots"].delete(request=request)
        operation.result(polling=Retry(predicate=lambda error: True, initial=0.01, timeout=60))
        return operation.error_code in (None, 0)


def control(verb, path, body=None):
    """A call of the control endpoint."""
    data = json.dumps(body or {}).encode() if verb != "GET" else None
    request = urllib.request.Request(SAID["control"] + path, data=data, method=verb)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def run(kind, now):
    """The transcript of one client: a list of (step, what it saw), and what the fake recorded."""
    control("POST", "/reset")
    control("PUT", "/settings", {"now": now})
    clients = kind(SAID["credentials"]), kind(SAID["credentials_without_delete"])
    try:
        transcript = scenario(*clients, control, SAID, Told)
    except Exception:
        print(kind.name, "stopped; violations:", control("GET", "/violations")["violations"], flush=True)
        raise
    asked = [one for one in control("GET", "/requests")["requests"] if one["method"] != "oauth2.token"]
    # Each client decides on its own how it follows an operation.
    methods = [one["method"] for one in asked if "Operations" not in (one["method"] or "")]
    bearers = sorted({one["bearer"] for one in asked})
    return transcript, methods, bearers, control("GET", "/violations")["violations"]


def main():
    """Prints one line for each step and the verdict."""
    now = int(time.time()) + AHEAD_S
    seen = [run(kind, now) for kind in (Discovery, Cloud)]
    wrong = 0
    for (step, first), (_, second) in zip(seen[0][0], seen[1][0], strict=True):
        same = first == second
        wrong += not same
        print("agree " if same else "DIFFER", step, *([] if same else [f"\n  {first}\n  {second}"]))
    for step, wanted, got in unexpected(seen[0][0]):
        wrong += 1
        print(f"WRONG  {step}\n  wanted {wanted}\n  got {got}")
    if seen[0][1] != seen[1][1]:
        wrong += 1
        print(f"DIFFER in what they asked\n  {seen[0][1]}\n  {seen[1][1]}")
    for kind, (_, _, bearers, violations) in zip((Discovery, Cloud), seen):
        expected = ["request"]  # the one wrong name that the scenario sends on purpose
        found = [one["of"] for one in violations]
        print(f"{kind.name}: bearer {bearers}, violations {found}")
        wrong += bearers != [kind.bearer]
        wrong += found != expected
        for one in violations:
            if one["of"] == "response" or found != expected:
                print(" ", one)
    print("proven" if not wrong else f"NOT proven: {wrong} faults")
    return 1 if wrong else 0


def _snake(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


if __name__ == "__main__":
    sys.exit(main())

"""A request from the first check to the answer.

Owns: the order of the checks, the record of requests, the violations, the place where faults strike.
Never: sockets (server.py), the meaning of methods (methods.py, follow.py).
Read next: contract.py, methods.py, faults.py.
"""

import copy
import json
import threading
from urllib.parse import parse_qsl, urlsplit

import follow  # noqa: F401  (registers its methods)
from answers import Page, Refusal, Reply, forbidden, invalid, not_found, not_implemented, page, scope_missing
from credentials import Gate
from faults import ENDINGS, INSTEAD, LIES, Faults, end, instead
from lies import tell
from methods import BUILT, Call
from world import ZONES, World

#: The path of the token endpoint.
TOKEN = "/token"
TOKEN_METHOD = "oauth2.token"
#: How many answers to the same question are remembered, besides the first, for stale ones.
REMEMBERED = 30
#: Marks an answer of ours that broke the document: no client may take it for an error of the provider.
BROKEN = "CONTRACT VIOLATION BY THE COUNTERPART"


class Outcome:
    """What the connection does with the reply."""

    def __init__(self, reply, faults=()):
        self.reply = reply
        self.faults = {fault.kind: fault for fault in faults}


class Front:
    """The fake, without its sockets."""

    def __init__(self, contract, accounts, projects):
        self.contract = contract
        self.accounts = accounts
        self.projects = projects
        self.lock = threading.RLock()
        self.released = threading.Event()
        self.reset()

    def reset(self):
        """Back to nothing: no resources, faults, requests, violations or tokens; the clock of the machine."""
        with self.lock:
            self.world = World(self.projects)
            self.gate = Gate(self.accounts, lambda: self.world.now())
            self.faults = Faults()
            self.requests = []
            self.violations = []
            self.replies = {}
            self.release()

    def release(self):
        """Lets the held answers go."""
        self.released.set()
        self.released = threading.Event()

    def answer(self, verb, target, headers, body):
        """The outcome of a request; `headers` is a list of pairs, `body` bytes or None."""
        with self.lock:
            url = urlsplit(target)
            record = {
                "number": len(self.requests) + 1, "method": None, "verb": verb, "path": url.path,
                "query": dict(parse_qsl(url.query, keep_blank_values=True)), "headers": _shown(headers), "body": None,
                "bearer": None, "claims": None, "faults": [], "status": None,
            }
            self.requests.append(record)
            try:
                outcome = self._answer(record, url, headers, body)
            except (Refusal, Page) as refusal:
                outcome = Outcome(refusal.reply)
            record["status"] = outcome.reply.status if outcome.reply else None
            return outcome

    def _answer(self, record, url, headers, body):
        if url.path == TOKEN:
            return self._token(record, body)
        if not url.path.startswith(self.contract.base):
            self._violated("request", record, [f"no such path: {url.path}"])
            raise Page(404)
        method, bound = self.contract.match(record["verb"], url.path.removeprefix(self.contract.base))
        if method is None:
            self._violated("request", record, [f"no such method: {record['verb']} {url.path}"])
            raise Page(404)
        record["method"] = method.id
        bearer = self._bearer(record, headers, method)
        parsed = self._checked(record, method, bound, url.query, headers, body)
        call = Call(self.world, method, bound, record["query"], parsed, bearer)
        name = (parsed or {}).get("name") or list(bound.values())[-1]
        memory = self.replies.setdefault((method.id, url.path, url.query), [])
        faults = self.faults.for_request(method.id, name, method.id.endswith(".list"), bool(memory))
        record["faults"] = [fault.kind for fault in faults]
        return self._done(record, call, faults, memory, name)

    def _token(self, record, body):
        record["method"] = TOKEN_METHOD
        form = dict(parse_qsl((body or b"").decode("utf-8", "replace")))
        faults = self.faults.for_request(TOKEN_METHOD, "token")
        record["faults"] = [fault.kind for fault in faults]
        for fault in faults:
            if fault.kind in INSTEAD:
                return Outcome(instead(fault))
        reply = self.gate.exchange(form)
        granted = self.gate.tokens.get(reply.body.get("access_token"))
        record["claims"] = granted and granted[1]
        record["body"] = {"grant_type": form.get("grant_type")}
        return Outcome(reply, faults)

    def _bearer(self, record, headers, method):
        record["bearer"] = "refused"
        given = next((value for name, value in headers if name.lower() == "authorization"), None)
        bearer = self.gate.bearer(given, method.id)
        record["bearer"], record["claims"] = bearer.kind, bearer.claims
        if not bearer.covers(method):
            raise scope_missing(method.id)
        return bearer

    def _checked(self, record, method, bound, query, headers, body):
        """The parsed body, when the request breaks nothing."""
        parsed, problems = None, []
        if body:
            kinds = [value for name, value in headers if name.lower() == "content-type"]
            if not kinds or kinds[0].split(";")[0].strip() != "application/json":
                problems.append(f"Content-Type {kinds} where application/json is wanted")
            try:
                parsed = json.loads(body)
            except ValueError:
                problems.append("the body is not JSON")
        record["body"] = parsed
        pairs = parse_qsl(query, keep_blank_values=True)
        problems += self.contract.request_problems(method, bound, pairs, parsed)
        if problems:
            self._violated("request", record, problems)
            raise invalid("Invalid value: " + "; ".join(problems))
        return parsed

    def _done(self, record, call, faults, memory, name):
        for fault in faults:
            if fault.kind in INSTEAD and not fault.said.get("done"):
                return Outcome(instead(fault), faults)
        body = self._carried_out(call, faults)
        if any(fault.kind == "duplicate-request" for fault in faults):
            body = self._carried_out(call, [])
        earlier, told = list(memory), body
        memory.append(body)
        del memory[1:-REMEMBERED]
        unchecked = False
        for fault in faults:
            if fault.kind in INSTEAD:
                return Outcome(instead(fault), faults)
            if fault.kind == "stale":
                told = earlier[-min(fault.said.get("back", len(earlier)), len(earlier))]
            elif fault.kind in LIES:
                told = tell(fault, told, name)
                unchecked = unchecked or fault.kind == "malformed"
            if told is None:
                raise not_found(record["path"].removeprefix(self.contract.base))
        problems = [] if unchecked else self.contract.response_problems(call.method, told)
        if problems:
            self._violated("response", record, problems)
            return Outcome(Reply(500, f"{BROKEN}: {'; '.join(problems)}", kind="text/plain"))
        return Outcome(Reply(200, told), faults)

    def _carried_out(self, call, faults):
        """Permission, memory of request ids, then the method; a copy of its answer."""
        path = "/".join(f"{value}" for value in ("projects", call.project, call.zone and f"zones/{call.zone}") if value)
        account = call.bearer.account
        if call.method.id in account.denied or call.project != account.project:
            raise forbidden(call.method.id.replace(".insert", ".create"), path)
        if call.zone and call.zone not in ZONES:
            raise invalid(f"Invalid value for field 'zone': '{call.zone}'. Unknown zone.")
        if call.method.id not in BUILT:
            raise not_implemented(call.method.id)
        repeated = self.world.operations.repeated(call)
        if repeated is not None:
            return copy.deepcopy(repeated.fields)
        body = BUILT[call.method.id](call)
        for fault in faults:
            if fault.kind in ENDINGS:
                end(fault, call)
        return copy.deepcopy(body)

    def _violated(self, side, record, problems):
        found = {"of": side, "number": record["number"], "method": record["method"], "problems": problems}
        self.violations.append(found)


def _shown(headers):
    """Headers for the record: of Authorization only its kind."""
    return {name.lower(): value.split(" ", 1)[0] if name.lower() == "authorization" else value for name, value in headers}


def no_length():
    """The answer of Google's front end to a POST without Content-Length."""
    return Outcome(page(411))

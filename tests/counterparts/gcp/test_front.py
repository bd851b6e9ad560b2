"""The fake keeps its own promises: bearers, operations, request ids, lists, faults.

Run by `start --test`.
Read next: front.py, faults.py.
"""

import json
import time
import unittest
from urllib.parse import urlencode

import jwt_of_tests as jwt

import contract
from control import Control
from credentials import Account
from front import BROKEN, TOKEN, Front

CONTRACT = contract.load()
ACCOUNT = Account("strongroom", "strongroom-test")
WEAK = Account("weak", "strongroom-test", ("compute.snapshots.delete",))
COMPUTE = "https://www.googleapis.com/auth/compute"
ZONE = "projects/strongroom-test/zones/us-central1-a"
GLOBAL = "projects/strongroom-test/global"
REQUEST = "11111111-2222-4333-8444-000000000001"


class Case(unittest.TestCase):
    """A front with one disk."""

    def setUp(self):
        self.front = Front(CONTRACT, [ACCOUNT, WEAK], ("strongroom-test", "other-tenant"))
        self.control("POST", "/seed", {"disks": [{"name": "d", "text": "x" * 64}]})
        self.bearer = jwt.signed(ACCOUNT)

    def control(self, verb, path, body=None):
        """A call of the control endpoint."""
        reply = Control(self.front).answer(verb, path, [], json.dumps(body or {}).encode()).reply
        self.assertEqual(reply.status, 200, reply.body)
        return reply.body

    def faults(self, *faults):
        """Sets faults."""
        self.control("PUT", "/faults", {"faults": list(faults)})

    def outcome(self, verb, path, body=None, bearer=None):
        """The outcome of a request."""
        headers = [("Content-Type", "application/json"), ("Authorization", f"Bearer {bearer or self.bearer}")]
        data = b"" if body is None else json.dumps(body).encode()
        return self.front.answer(verb, "/compute/v1/" + path, headers, data)

    def ask(self, *asked, **more):
        """(status, body) of a request."""
        reply = self.outcome(*asked, **more).reply
        return reply.status, reply.body

    def create(self, name="s", query="", **body):
        """Asks for a snapshot."""
        return self.ask("POST", f"{ZONE}/disks/d/createSnapshot{query}", {"name": name, **body})

    def reason(self, answer, status, reason):
        """The answer is this error."""
        self.assertEqual((answer[0], answer[1]["error"]["errors"][0]["reason"]), (status, reason))

    def snapshot(self, name="s"):
        """One look at a snapshot."""
        return self.ask("GET", f"{GLOBAL}/snapshots/{name}")


class Bearers(Case):
    """Who may ask."""

    def exchanged(self, **claims):
        """A reply of the token endpoint."""
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": jwt.signed(ACCOUNT, **{"aud": "https://oauth2.googleapis.com/token", **claims})}
        return self.front.answer("POST", TOKEN, [], urlencode(form).encode()).reply

    def test_wrong_tokens_are_401(self):
        now = int(time.time())
        other = Account("strongroom", "strongroom-test")
        for token in (
            "x", "a.b.c", jwt.signed(other), jwt.signed(ACCOUNT, sub="someone"), jwt.signed(ACCOUNT, iss="someone"),
            jwt.signed(ACCOUNT, exp=now + 3700), jwt.signed(ACCOUNT, iat=now - 7200, exp=now - 3600),
            jwt.signed(ACCOUNT, iat=now + 600, exp=now + 700), jwt.signed(ACCOUNT, aud="https://compute.googleapis.com/"),
            jwt.signed(ACCOUNT, scope=None, aud="https://storage.googleapis.com/"), jwt.signed(ACCOUNT, header={"alg": "none"}),
        ):
            self.assertEqual(self.ask("GET", f"{GLOBAL}/snapshots", bearer=token)[0], 401, token)

    def test_right_tokens_are_let_in(self):
        for token in (self.bearer, jwt.signed(ACCOUNT, scope=None, aud="https://compute.googleapis.com/"),
                      self.exchanged().body["access_token"]):
            self.assertEqual(self.ask("GET", f"{GLOBAL}/snapshots", bearer=token)[0], 200)

    def test_a_token_ends(self):
        token = self.exchanged().body["access_token"]
        self.control("PUT", "/settings", {"now": time.time() + 3600})
        self.assertEqual(self.ask("GET", f"{GLOBAL}/snapshots", bearer=token)[0], 401)

    def test_the_audience_of_an_assertion_is_a_constant(self):
        self.assertEqual(self.exchanged(aud="https://localhost/token").body["error"], "invalid_grant")
        self.assertEqual(self.exchanged(scope=None).body["error"], "invalid_scope")

    def test_a_scope_that_only_reads_does_not_write(self):
        reader = jwt.signed(ACCOUNT, scope=COMPUTE + ".readonly")
        self.assertEqual(self.ask("GET", f"{GLOBAL}/snapshots", bearer=reader)[0], 200)
        answer = self.ask("POST", f"{ZONE}/disks/d/createSnapshot", {"name": "s"}, bearer=reader)
        self.reason(answer, 403, "insufficientPermissions")

    def test_a_missing_permission_is_no_rate_limit(self):
        self.create()
        self.control("POST", "/advance")
        self.reason(self.ask("DELETE", f"{GLOBAL}/snapshots/s", bearer=jwt.signed(WEAK)), 403, "forbidden")
        self.reason(self.ask("GET", "projects/other-tenant/global/snapshots"), 403, "forbidden")

    def test_the_record_never_holds_a_token(self):
        self.exchanged()
        self.ask("GET", f"{GLOBAL}/snapshots")
        record = json.dumps(self.control("GET", "/requests"))
        self.assertNotIn(self.bearer.rsplit(".", 1)[1], record)
        self.assertIn('"self-signed"', record)


class Meaning(Case):
    """What happens."""

    def test_a_repeated_request_id_gives_the_original_operation(self):
        first = self.create(query=f"?requestId={REQUEST}")[1]
        again = self.create(query=f"?requestId={REQUEST}")[1]
        self.assertEqual(first["name"], again["name"])
        self.reason(self.create("other", query=f"?requestId={REQUEST}"), 400, "invalid")
        self.control("POST", "/forget-request-ids")
        self.reason(self.create(query=f"?requestId={REQUEST}"), 409, "alreadyExists")

    def test_only_looks_and_the_control_endpoint_move_time(self):
        name = self.create()[1]["name"]
        looks = [self.ask("GET", f"{ZONE}/operations/{name}")[1]["status"] for _ in range(3)]
        self.assertEqual(looks, ["RUNNING", "DONE", "DONE"])
        self.control("PUT", "/settings", {"polls_advance": False})
        self.create("t")
        self.assertEqual([self.snapshot("t")[1]["status"] for _ in range(3)], ["CREATING"] * 3)

    def test_a_deleted_neighbour_hands_its_bytes_on(self):
        for name, text in (("s", "x" * 64), ("t", "x" * 48 + "y" * 16)):
            self.control("PUT", f"/disks/{ZONE.split('/')[1]}/us-central1-a/d/content", {"text": text})
            self.create(name)
            self.control("POST", "/advance")
        self.assertEqual([self.snapshot(name)[1]["storageBytes"] for name in "st"], ["64", "16"])
        self.ask("DELETE", f"{GLOBAL}/snapshots/s")
        self.control("POST", "/advance")
        self.assertEqual(self.snapshot("t")[1]["storageBytes"], "64")
        self.assertEqual(self.snapshot("s")[0], 404)

    def test_thousands_of_snapshots_come_in_pages(self):
        self.control("POST", "/seed", {"snapshots": [{"name": "s-{n}", "disk": "d", "repeat": 2100}]})
        names, token = [], ""
        while True:
            page = self.ask("GET", f"{GLOBAL}/snapshots?pageToken={token}")[1]
            names += [one["name"] for one in page["items"]]
            token = page.get("nextPageToken")
            if not token:
                break
        self.assertEqual((len(names), len(set(names))), (2100, 2100))
        self.reason(self.ask("GET", f"{GLOBAL}/snapshots?pageToken=x"), 400, "invalid")

    def test_an_instance_takes_its_disk_along_but_no_snapshot(self):
        self.create()
        self.control("POST", "/advance")
        self.control("POST", "/seed", {"instances": [{"name": "vm", "disks": [{"name": "d"}]}]})
        self.reason(self.ask("DELETE", f"{ZONE}/disks/d"), 400, "resourceInUseByAnotherResource")
        self.assertEqual(self.ask("GET", f"{ZONE}/instances/vm")[0], 200)
        self.assertEqual(self.ask("DELETE", f"{ZONE}/instances/vm")[0], 200)
        self.control("POST", "/advance")
        answers = [self.ask("GET", f"{ZONE}/{path}")[0] for path in ("instances/vm", "disks/d")]
        self.assertEqual([*answers, self.snapshot()[0]], [404, 404, 200])

    def test_what_is_not_built_says_so(self):
        self.reason(self.ask("GET", f"{ZONE}/diskTypes"), 501, "notImplemented")
        self.assertEqual(self.ask("GET", f"{GLOBAL}/nothing/like/it")[0], 404)

    def test_an_answer_of_ours_that_breaks_the_document_is_told(self):
        self.create()
        self.front.world.snapshots[("strongroom-test", "s")].fields["diskSizeGb"] = 10
        status, body = self.snapshot()
        self.assertEqual((status, body.startswith(BROKEN)), (500, True))
        self.assertEqual([one["of"] for one in self.control("GET", "/violations")["violations"]], ["response"])


if __name__ == "__main__":
    unittest.main()

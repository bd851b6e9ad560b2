"""Every kind of fault does what it says, and the connection's faults do it on a real socket.

Run by `start --test`.
Read next: faults.py, lies.py, server.py.
"""

import http.client
import json
import threading
import unittest

from faults import KINDS
from server import Server
from test_front import GLOBAL, REQUEST, ZONE, Case

SNAPSHOTS = f"{GLOBAL}/snapshots"


class Answers(Case):
    """Faults of the answer."""

    def made(self, name="s"):
        """A snapshot that is READY."""
        self.create(name)
        self.control("POST", "/advance")

    def test_a_fault_meets_its_method_and_its_number_of_times(self):
        self.faults({"match": {"method": "snapshots.get"}, "kind": "503", "times": 2, "after": 1, "retry_after": 7})
        self.made()
        seen = [self.outcome("GET", f"{SNAPSHOTS}/s").reply for _ in range(5)]
        self.assertEqual([one.status for one in seen], [200, 503, 503, 200, 200])
        self.assertEqual(seen[1].headers["Retry-After"], "7")
        self.assertEqual(self.control("GET", "/faults")["faults"][0]["left"], 0)

    def test_refusals(self):
        for fault, status, reason in (
            ({"kind": "rate-limit"}, 403, "rateLimitExceeded"),
            ({"kind": "rate-limit", "concurrent": True}, 403, "rateLimitExceeded"),
            ({"kind": "429"}, 429, "rateLimitExceeded"),
            ({"kind": "500"}, 500, "internalError"),
            ({"kind": "refuse", "status": 403, "reason": "quotaExceeded"}, 403, "quotaExceeded"),
        ):
            self.faults(fault)
            self.reason(self.create(), status, reason)
        self.assertEqual(self.control("GET", "/state")["snapshots"], [])

    def test_a_refusal_may_come_after_the_deed(self):
        self.faults({"kind": "html", "done": True})
        reply = self.outcome("POST", f"{ZONE}/disks/d/createSnapshot?requestId={REQUEST}", {"name": "s"}).reply
        self.assertEqual((reply.status, reply.headers["Content-Type"][:9]), (502, "text/html"))
        self.assertEqual(len(self.control("GET", "/state")["snapshots"]), 1)
        self.assertEqual(self.create(query=f"?requestId={REQUEST}")[0], 200)

    def test_an_operation_that_fails_leaves_nothing(self):
        self.faults({"kind": "operation-error", "code": "RESOURCE_OPERATION_RATE_EXCEEDED"})
        name = self.create()[1]["name"]
        self.control("POST", "/advance")
        operation = self.ask("GET", f"{ZONE}/operations/{name}")[1]
        self.assertEqual(operation["error"]["errors"][0]["code"], "RESOURCE_OPERATION_RATE_EXCEEDED")
        self.assertEqual((operation["status"], operation["httpErrorStatusCode"]), ("DONE", 403))
        self.assertEqual(self.snapshot()[0], 404)

    def test_a_failed_delete_leaves_the_snapshot(self):
        self.made()
        self.faults({"match": {"method": "snapshots.delete"}, "kind": "operation-error"})
        self.ask("DELETE", f"{SNAPSHOTS}/s")
        self.control("POST", "/advance")
        self.assertEqual(self.snapshot()[1]["status"], "READY")

    def test_an_upload_that_lasts_longer_than_its_operation(self):
        self.faults({"kind": "uploading", "polls": 2})
        self.made()
        self.assertEqual([self.snapshot()[1]["status"] for _ in range(3)], ["UPLOADING", "READY", "READY"])
        self.faults({"kind": "uploading", "polls": 2}, {"kind": "failed"})
        self.made("t")
        self.assertEqual([self.snapshot("t")[1]["status"] for _ in range(2)], ["UPLOADING", "FAILED"])

    def test_lies_about_a_snapshot(self):
        self.made()
        truth = self.snapshot()[1]
        for kind, field in (
            ("wrong-source", "sourceDisk"), ("wrong-incarnation", "sourceDiskId"), ("wrong-size", "diskSizeGb"),
            ("wrong-labels", "labels"), ("wrong-project", "selfLink"), ("wrong-name", "name"), ("wrong-id", "id"),
        ):
            self.faults({"match": {"method": "snapshots.get"}, "kind": kind})
            told = self.snapshot()[1]
            self.assertNotEqual(told[field], truth.get(field), kind)
            self.assertEqual(self.snapshot()[1], truth, kind)
        self.faults({"kind": "wrong", "set": {"storageBytes": "0", "labels": None}})
        self.assertEqual(self.snapshot()[1]["storageBytes"], "0")
        self.assertEqual(self.control("GET", "/violations")["violations"], [])

    def test_lies_about_lists(self):
        self.made()
        self.made("t")
        self.faults({"match": {"method": "snapshots.list", "name": "s"}, "kind": "missing"})
        self.assertEqual([one["name"] for one in self.ask("GET", SNAPSHOTS)[1]["items"]], ["t"])
        self.faults({"kind": "empty-page"})
        page = self.ask("GET", SNAPSHOTS)[1]
        self.assertTrue("items" not in page and page["nextPageToken"])
        self.faults({"match": {"name": "s"}, "kind": "missing"})
        self.assertEqual((self.snapshot("t")[0], self.snapshot("s")[0], self.snapshot("s")[0]), (200, 404, 200))

    def test_a_status_that_runs_ahead_and_a_target_that_is_another(self):
        self.faults({"match": {"method": "snapshots.get"}, "kind": "wrong-status"}, {"kind": "wrong-target"})
        self.assertTrue(self.create()[1]["targetLink"].endswith("-x"))
        self.control("PUT", "/settings", {"polls_advance": False})
        self.assertEqual([self.snapshot()[1]["status"] for _ in range(2)], ["READY", "CREATING"])

    def test_a_stale_answer_is_one_that_was_true(self):
        self.made()
        self.snapshot()
        self.ask("DELETE", f"{SNAPSHOTS}/s")
        self.control("PUT", "/settings", {"polls_advance": False})
        self.faults({"kind": "stale", "match": {"method": "snapshots.get"}})
        self.assertEqual([self.snapshot()[1]["status"] for _ in range(2)], ["READY", "DELETING"])

    def test_a_malformed_answer_is_no_violation_of_ours(self):
        self.made()
        self.faults({"kind": "malformed", "set": {"storageBytes": {"not": "a string"}, "id": None}})
        self.assertEqual(self.snapshot()[1]["storageBytes"], {"not": "a string"})
        self.assertEqual(self.control("GET", "/violations")["violations"], [])

    def test_a_request_that_arrives_twice(self):
        self.faults({"kind": "duplicate-request", "times": 2})
        self.reason(self.create(), 409, "alreadyExists")
        self.assertEqual(self.create("t", query=f"?requestId={REQUEST}")[0], 200)

    def test_a_redirect_to_elsewhere(self):
        self.faults({"kind": "redirect", "location": "https://elsewhere.example/"})
        reply = self.outcome("GET", SNAPSHOTS).reply
        self.assertEqual((reply.status, reply.headers["Location"]), (302, "https://elsewhere.example/"))

    def test_the_token_endpoint_can_fail_too(self):
        self.faults({"match": {"method": "oauth2.token"}, "kind": "503"})
        self.assertEqual([self.front.answer("POST", "/token", [], b"").reply.status for _ in range(2)], [503, 400])

    def test_unknown_faults_are_refused(self):
        for fault in ({"kind": "x"}, {"kind": "503", "time": 2}, {"kind": "503", "match": {"path": "x"}}):
            with self.assertRaises(ValueError):
                self.front.faults.put([fault])


class Wire(Case):
    """Faults of the connection."""

    def setUp(self):
        super().setUp()
        self.server = Server("test", self.front.answer, lambda seconds: self.front.released.wait(seconds))
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.connection = http.client.HTTPConnection(*self.server.server_address, timeout=20)

    def tearDown(self):
        self.connection.close()
        self.server.shutdown()
        self.server.server_close()

    def send(self, verb="GET", path=SNAPSHOTS, body=None, **more):
        """(status, body) as it comes over the wire."""
        headers = {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"}
        self.connection.request(verb, "/compute/v1/" + path, body, headers, **more)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def created(self):
        """How many snapshots there are."""
        return len(self.control("GET", "/state")["snapshots"])

    def create_on_wire(self, **more):
        """Asks for a snapshot over the wire."""
        return self.send("POST", f"{ZONE}/disks/d/createSnapshot", json.dumps({"name": "s"}), **more)

    def test_a_lost_reply_is_a_deed_without_an_answer(self):
        self.faults({"kind": "lost-reply"})
        with self.assertRaises(http.client.RemoteDisconnected):
            self.create_on_wire()
        self.assertEqual(self.created(), 1)

    def test_a_lost_request_is_no_deed(self):
        self.faults({"kind": "lost-request"})
        with self.assertRaises(http.client.RemoteDisconnected):
            self.create_on_wire()
        self.assertEqual(self.created(), 0)

    def test_a_truncated_body(self):
        self.faults({"kind": "truncated"})
        with self.assertRaises(http.client.IncompleteRead):
            self.send()

    def test_a_reply_that_comes_twice(self):
        self.faults({"kind": "duplicate-reply"})
        self.connection.connect()
        request = f"GET /compute/v1/{SNAPSHOTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.bearer}\r\nConnection: close\r\n\r\n"
        self.connection.sock.sendall(request.encode())
        received = b"".join(iter(lambda: self.connection.sock.recv(65536), b""))
        self.assertEqual(received.count(b"HTTP/1.1 200 OK"), 2)

    def test_a_held_answer_comes_with_its_release(self):
        self.faults({"kind": "slow", "seconds": 15})
        seen = []
        waiting = threading.Thread(target=lambda: seen.append(self.create_on_wire()[0]))
        waiting.start()
        while not self.created():
            pass
        self.assertEqual(seen, [])
        while waiting.is_alive():
            self.control("POST", "/release")
        self.assertEqual(seen, [200])

    def test_a_body_in_chunks_is_read(self):
        self.connection.request("POST", f"/compute/v1/{ZONE}/disks/d/createSnapshot", iter([b'{"name":', b'"s"}']),
                                {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json",
                                 "Transfer-Encoding": "chunked"}, encode_chunked=True)
        self.assertEqual(self.connection.getresponse().status, 200)

    def test_a_post_without_a_length_is_411(self):
        self.connection.putrequest("POST", f"/compute/v1/{GLOBAL}/operations/x/wait")
        self.connection.endheaders()
        self.assertEqual(self.connection.getresponse().status, 411)

    def test_a_bug_of_ours_is_no_error_of_the_provider(self):
        self.faults({"kind": "uploading", "match": {"method": "snapshots.list"}})
        status, body = self.send()
        self.assertEqual((status, body.startswith(b"BUG IN THE COUNTERPART")), (500, True))


class Kinds(unittest.TestCase):
    """The list in README.md is the whole list."""

    def test_every_kind_is_explained(self):
        with open("README.md", encoding="utf-8") as file:
            text = file.read()
        self.assertEqual([kind for kind in sorted(KINDS) if f"`{kind}`" not in text], [])


if __name__ == "__main__":
    unittest.main()

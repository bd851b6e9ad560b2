"""The judge refuses what is wrong, in requests and in responses.

Run by `start --test`.
Read next: contract.py, values.py.
"""

import unittest

import contract

CONTRACT = contract.load()
PATH = {"project": "p-1", "zone": "us-central1-a", "disk": "d"}


def problems(method, body=None, query=(), bound=None):
    """Problems of a request."""
    known = CONTRACT.methods["compute." + method]
    bound = bound or {name: PATH[name] for name, said in known.parameters.items() if said["location"] == "path"}
    return CONTRACT.request_problems(known, bound, list(query), body)


class Requests(unittest.TestCase):
    """One wrong thing each."""

    def refused(self, word, *asked, **more):
        """Exactly one problem, which names the word."""
        found = problems(*asked, **more)
        self.assertEqual(len(found), 1, found)
        self.assertIn(word, found[0])

    def test_a_right_request_has_no_problems(self):
        query = [("requestId", "11111111-2222-4333-8444-000000000001"), ("guestFlush", "true"), ("alt", "json")]
        body = {"name": "a", "labels": {"tenant": "acme"}, "storageLocations": ["eu"], "snapshotType": "STANDARD"}
        self.assertEqual(problems("disks.createSnapshot", body, query), [])

    def test_a_field_that_the_document_does_not_know(self):
        self.refused("Snapshot.zone: unknown", "disks.createSnapshot", {"name": "a", "zone": "z"})

    def test_a_field_that_is_output_only(self):
        self.refused("status: output only", "disks.createSnapshot", {"name": "a", "status": "READY"})

    def test_a_missing_name(self):
        self.refused("name: required", "disks.createSnapshot", {"labels": {}})

    def test_a_name_that_is_no_label_of_the_domain_name_system(self):
        self.refused("does not match", "disks.createSnapshot", {"name": "Bad_Name"})

    def test_a_name_that_is_too_long(self):
        self.refused("does not match", "disks.createSnapshot", {"name": "a" * 64})

    def test_a_number_of_64_bits_that_is_not_a_string(self):
        self.refused("travel as strings", "disks.insert", {"name": "a", "sizeGb": 10})

    def test_a_number_that_does_not_fit(self):
        self.refused("is no int64", "disks.insert", {"name": "a", "sizeGb": str(2**63)})

    def test_a_word_outside_the_enum(self):
        self.refused("is not one of", "disks.createSnapshot", {"name": "a", "snapshotType": "COLD"})

    def test_a_fingerprint_that_is_not_base64(self):
        bound = {"project": "p-1", "resource": "s"}
        self.refused("base64", "snapshots.setLabels", {"labelFingerprint": "%"}, bound=bound)

    def test_a_value_of_the_wrong_type(self):
        self.refused("boolean", "disks.createSnapshot", {"name": "a", "guestFlush": "true"})
        self.refused("an object", "disks.createSnapshot", {"name": "a", "labels": ["x"]})
        self.refused("an array", "disks.createSnapshot", {"name": "a", "storageLocations": "eu"})
        self.refused("null", "disks.createSnapshot", {"name": "a", "description": None})

    def test_labels_that_are_none(self):
        self.refused("label key", "disks.createSnapshot", {"name": "a", "labels": {"Tenant": "x"}})
        self.refused("label value", "disks.createSnapshot", {"name": "a", "labels": {"tenant": "A b"}})

    def test_a_query_parameter_that_the_method_does_not_have(self):
        self.refused("'filter'", "disks.createSnapshot", {"name": "a"}, query=[("filter", "x")])

    def test_a_token_in_the_address(self):
        self.refused("access_token", "snapshots.list", query=[("access_token", "x")])

    def test_request_ids_that_are_none(self):
        for text in ("run-1", "00000000-0000-0000-0000-000000000000", "11111111222243338444000000000001"):
            self.refused("requestId", "disks.createSnapshot", {"name": "a"}, query=[("requestId", text)])

    def test_pages_that_are_too_large(self):
        self.refused("maxResults", "snapshots.list", query=[("maxResults", "501")])
        self.refused("maxResults", "snapshots.list", query=[("maxResults", "-1")])
        self.refused("maxResults", "snapshots.list", query=[("maxResults", "many")])

    def test_a_parameter_given_twice(self):
        self.refused("twice", "snapshots.list", query=[("maxResults", "5"), ("maxResults", "6")])

    def test_a_body_too_much_and_a_body_too_few(self):
        self.refused("a body where", "snapshots.list", {})
        self.refused("no body", "disks.createSnapshot")

    def test_a_path_parameter_that_is_no_name(self):
        self.refused("does not match", "snapshots.get", bound={"project": "p-1", "snapshot": "Bad_Name"})


class Responses(unittest.TestCase):
    """What the fake itself may not send."""

    def wrong(self, body, method="snapshots.get"):
        """The problems of a response."""
        return CONTRACT.response_problems(CONTRACT.methods["compute." + method], body)

    def test_a_right_response_has_no_problems(self):
        self.assertEqual(self.wrong({"kind": "compute#snapshot", "name": "a", "id": "1", "status": "READY"}), [])

    def test_wrong_ones(self):
        for body, word in (
            ({"id": 1}, "travel as strings"),
            ({"storageBytes": 5}, "travel as strings"),
            ({"status": "DONE"}, "is not one of"),
            ({"state": "READY"}, "unknown field"),
            ({"kind": "compute#disk"}, "is not 'compute#snapshot'"),
            ({"labels": {"tenant": 1}}, "a string is wanted"),
            ({"name": "Bad_Name"}, "does not match"),
            ([], "an object is wanted"),
            (None, "an object is wanted"),
        ):
            found = self.wrong(body)
            self.assertTrue(any(word in problem for problem in found), (body, found))

    def test_a_wrong_item_of_a_list(self):
        found = self.wrong({"items": [{"name": "a"}, {"diskSizeGb": 10}]}, "snapshots.list")
        self.assertEqual(len(found), 1)
        self.assertIn("items[1].diskSizeGb", found[0])


class Matching(unittest.TestCase):
    """Paths and methods."""

    def test_a_path_means_the_method_of_its_verb(self):
        for verb, path, wanted in (
            ("GET", "projects/p/global/snapshots/s", "compute.snapshots.get"),
            ("DELETE", "projects/p/global/snapshots/s", "compute.snapshots.delete"),
            ("POST", "projects/p/zones/z/disks/d/createSnapshot", "compute.disks.createSnapshot"),
            ("GET", "projects/p/aggregated/disks", "compute.disks.aggregatedList"),
        ):
            self.assertEqual(CONTRACT.match(verb, path)[0].id, wanted)

    def test_other_paths_mean_nothing(self):
        for verb, path in (("PUT", "projects/p/global/snapshots/s"), ("GET", "projects/p/global/snapshots/s/x")):
            self.assertIsNone(CONTRACT.match(verb, path)[0])

    def test_every_method_of_the_document_is_found_by_its_own_path(self):
        for method in CONTRACT.methods.values():
            path = "/".join("x" if part.startswith("{") else part for part in method.segments)
            self.assertIs(CONTRACT.match(method.verb, path)[0], method)


if __name__ == "__main__":
    unittest.main()

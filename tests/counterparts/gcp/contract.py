"""Google's discovery document as a judge: which method a request means, and what is wrong with a request or a response.

Owns: matching, and every check that the document itself decides (plus the few rules that it states only in prose).
Never: state, authentication, what a method does.
Read next: values.py (one value against one schema), front.py (who asks).
"""

import importlib.util
import json
import re
import uuid
from pathlib import Path

from values import Checker, parameter_problem

#: Query parameters of the document that a client of ours has no business with: secrets in addresses, script replies,
#: partial answers (not built here).
REFUSED_PARAMETERS = {"access_token", "oauth_token", "callback", "uploadType", "upload_protocol", "fields"}
#: The upper bound of maxResults stands only in the parameter's description.
MOST_RESULTS = 500


class Method:
    """One method of the document."""

    def __init__(self, said):
        self.id = said["id"]
        self.verb = said["httpMethod"]
        self.path = said["path"]
        self.parameters = said.get("parameters", {})
        self.request = said.get("request", {}).get("$ref")
        self.response = said.get("response", {}).get("$ref")
        self.scopes = set(said.get("scopes", ()))
        self.segments = self.path.split("/")

    def bind(self, segments):
        """The path's parameters, or None when the path is another method's."""
        bound = {}
        for template, segment in zip(self.segments, segments):
            if template.startswith("{"):
                bound[template.strip("{+}")] = segment
            elif template != segment:
                return None
        return bound


class Contract:
    """The document."""

    def __init__(self, document):
        self.revision = document["revision"]
        self.base = "/" + document["servicePath"]
        self.known = document["parameters"]
        self.checker = Checker(document["schemas"])
        self.methods = {}
        self._by_shape = {}
        for said in _methods(document["resources"]):
            method = Method(said)
            self.methods[method.id] = method
            self._by_shape.setdefault((method.verb, len(method.segments)), []).append(method)

    def match(self, verb, path):
        """The method that a path below `base` means and its path parameters, or (None, {})."""
        segments = path.split("/")
        best = (None, {})
        for method in self._by_shape.get((verb, len(segments)), ()):
            bound = method.bind(segments)
            if bound is not None and (best[0] is None or len(bound) < len(best[1])):
                best = (method, bound)
        return best

    def request_problems(self, method, bound, query, body):
        """Every way in which a request breaks the document; `query` is a list of pairs, `body` parsed JSON or None."""
        problems = []
        for name, value in bound.items():
            problems += parameter_problem(name, method.parameters[name], value)
        problems += self._query_problems(method, query)
        if method.request is None:
            if body is not None:
                problems.append("a body where the method has none")
        elif body is None:
            problems.append(f"no body where the method needs a {method.request}")
        else:
            problems += self.checker.check(method.request, body, method.id)
        return problems

    def _query_problems(self, method, query):
        problems = []
        seen = set()
        for name, value in query:
            said = method.parameters.get(name)
            if said is None or said["location"] != "query":
                said = self.known.get(name)
            if said is None or name in REFUSED_PARAMETERS:
                problems.append(f"unknown or refused query parameter {name!r}")
                continue
            if name in seen and not said.get("repeated"):
                problems.append(f"query parameter {name!r} given twice")
            seen.add(name)
            problems += parameter_problem(name, said, value)
            problems += _prose_problems(name, value)
        for name, said in method.parameters.items():
            if said.get("required") and said["location"] == "query" and name not in seen:
                problems.append(f"missing query parameter {name!r}")
        return problems

    def response_problems(self, method, body):
        """Every way in which a successful response breaks the document."""
        if method.response is None:
            return [] if body is None else ["a body where the method has none"]
        return self.checker.check(method.response, body)


def load():
    """The document of the installed google-api-python-client."""
    package = importlib.util.find_spec("googleapiclient")
    file = Path(package.origin).parent / "discovery_cache" / "documents" / "compute.v1.json"
    return Contract(json.loads(file.read_text()))


def _methods(resources):
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from _methods(resource.get("resources", {}))


def _prose_problems(name, value):
    if name == "requestId":
        try:
            known = uuid.UUID(value)
        except ValueError:
            return [f"requestId {value!r} is not a UUID"]
        if str(known) != value.lower():
            return [f"requestId {value!r} is not a UUID in its usual form"]
        return ["requestId is the zero UUID"] if known.int == 0 else []
    if name == "maxResults" and re.fullmatch("[0-9]+", value) and int(value) > MOST_RESULTS:
        return [f"maxResults {value} is not within 0 and {MOST_RESULTS}"]
    if name == "alt" and value != "json":
        return [f"alt={value}: only json is spoken here"]
    return []

"""One JSON value against one schema of the discovery document.

Owns: types, formats, patterns, enums, unknown fields, output-only fields, fields required by a method.
Never: methods, paths, state.
Read next: contract.py.
"""

import base64
import binascii
import re
from datetime import datetime

#: Ranges of the integer formats; the 64-bit ones travel as strings.
RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
#: Labels are ruled in prose only. International letters are allowed by Google and refused here.
LABEL_KEY = r"[a-z][-_a-z0-9]{0,62}"
LABEL_VALUE = r"[-_a-z0-9]{0,63}"
MOST_LABELS = 64


class Checker:
    """The document's schemas."""

    def __init__(self, schemas):
        self.schemas = schemas

    def check(self, name, value, method_id=None):
        """Problems of a value; with `method_id` it is a request (output-only refused, required fields demanded)."""
        problems = []
        self._value({"$ref": name}, value, name, method_id, problems)
        return problems

    def _value(self, schema, value, at, method_id, problems):
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"]]
        kind = schema.get("type", "any")
        if kind == "object":
            self._object(schema, value, at, method_id, problems)
        elif kind == "array":
            if not isinstance(value, list):
                problems.append(f"{at}: an array is wanted")
                return
            for index, item in enumerate(value):
                self._value(schema["items"], item, f"{at}[{index}]", method_id, problems)
        elif kind != "any":
            problems += [f"{at}: {problem}" for problem in scalar_problem(schema, value)]

    def _object(self, schema, value, at, method_id, problems):
        if not isinstance(value, dict):
            problems.append(f"{at}: an object is wanted")
            return
        fields = schema.get("properties", {})
        other = schema.get("additionalProperties")
        for name, inner in value.items():
            here = f"{at}.{name}"
            said = fields.get(name, other)
            if said is None:
                problems.append(f"{here}: unknown field")
            elif inner is None:
                problems.append(f"{here}: null; a field without a value is left out")
            elif method_id and said.get("readOnly"):
                problems.append(f"{here}: output only, must not be sent")
            else:
                self._value(said, inner, here, method_id, problems)
            if not method_id and name == "kind" and "default" in (said or {}) and inner != said["default"]:
                problems.append(f"{here}: {inner!r} is not {said['default']!r}")
            if name == "labels" and isinstance(inner, dict):
                problems += _label_problems(inner, here)
        for name, said in fields.items():
            required = said.get("annotations", {}).get("required", ())
            if method_id and method_id in required and name not in value:
                problems.append(f"{at}.{name}: required by {method_id}")


def scalar_problem(schema, value):
    """Problems of a string, number, integer or boolean."""
    kind, form = schema["type"], schema.get("format")
    if kind == "boolean":
        return [] if isinstance(value, bool) else ["a boolean is wanted"]
    if kind == "integer":
        if isinstance(value, bool) or not isinstance(value, int):
            return ["an integer is wanted"]
        return _range_problem(form, value)
    if kind == "number":
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        return [] if good else ["a number is wanted"]
    if not isinstance(value, str):
        return [f"a string is wanted{' (64-bit numbers travel as strings)' if form in RANGES else ''}"]
    if form in RANGES:
        return _range_problem(form, int(value)) if re.fullmatch("-?(0|[1-9][0-9]*)", value) else [f"{value!r} is no {form}"]
    if form == "byte":
        return _byte_problem(value)
    if "enum" in schema and value not in schema["enum"]:
        return [f"{value!r} is not one of {', '.join(schema['enum'])}"]
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        return [f"{value!r} does not match {schema['pattern']}"]
    if form == "google-datetime":
        return _time_problem(value)
    return []


def parameter_problem(name, said, text):
    """Problems of a path or query parameter, which is always text."""
    kind = said["type"]
    value = text
    if kind == "boolean":
        value = {"true": True, "false": False}.get(text, text)
    elif kind == "integer" and re.fullmatch("-?[0-9]+", text):
        value = int(text)
    problems = scalar_problem(said, value)
    if kind == "integer" and not problems:
        if int(said.get("minimum", value)) > value or int(said.get("maximum", value)) < value:
            problems = [f"{value} is out of bounds"]
    return [f"parameter {name!r}: {problem}" for problem in problems]


def _range_problem(form, value):
    low, high = RANGES.get(form, (value, value))
    return [] if low <= value <= high else [f"{value} is no {form}"]


def _byte_problem(value):
    try:
        base64.b64decode(value, altchars=b"-_", validate=True)
    except binascii.Error:
        return [f"{value!r} is not base64"]
    return []


def _time_problem(value):
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return [f"{value!r} is no RFC 3339 time"]
    return []


def _label_problems(labels, at):
    problems = [f"{at}: more than {MOST_LABELS} labels"] if len(labels) > MOST_LABELS else []
    for key, value in labels.items():
        if not re.fullmatch(LABEL_KEY, key):
            problems.append(f"{at}: the key {key!r} is no label key")
        if isinstance(value, str) and not re.fullmatch(LABEL_VALUE, value):
            problems.append(f"{at}: the value {value!r} of {key!r} is no label value")
    return problems

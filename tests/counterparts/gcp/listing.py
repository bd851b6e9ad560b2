"""Lists: filters, order, pages.

Owns: the subset of Google's two filter languages that is built, page tokens.
Never: anything outside the subset: that is answered with 400, so that nobody relies on a guess.
Read next: methods.py.
"""

import base64
import hashlib
import json
import re

from answers import invalid

#: Fields that a filter may name, besides `labels.<key>`.
FIELDS = ("name", "status", "sourceDisk", "id", "sourceDiskId", "operationType", "clientOperationId", "targetLink")
FIELD = r"(?P<field>labels\.[a-z][-_a-z0-9]{0,62}|" + "|".join(sorted(FIELDS, key=len, reverse=True)) + ")"
VALUE = r"""(?P<value>"[^"\\]*"|'[^'\\]*'|[-_.:/A-Za-z0-9]+)"""
AIP = re.compile(FIELD + r"\s*(?P<operator>=|!=)\s*" + VALUE)
PRESENT = re.compile(FIELD + r":(?P<value>\*)")
REGEX = re.compile(FIELD + r"""\s+(?P<operator>eq|ne)\s+(?P<value>"[^"]*"|'[^']*'|.+?)\s*""")
MOST = 500


def chosen(resources, query):
    """The resources that `filter` lets through."""
    text = query.get("filter", "").strip()
    if not text:
        return resources
    tests = _tests(text)
    return [one for one in resources if all(test(one) for test in tests)]


def answer(kind, resources, query, link):
    """One page: the list's envelope."""
    resources = ordered(chosen(resources, query), query.get("orderBy", "name"))
    size = int(query.get("maxResults", MOST)) or MOST
    start = _start(resources, query)
    page = resources[start : start + size]
    said = {"kind": kind, "id": link.split("/v1/", 1)[1], "selfLink": link}
    if page:
        said["items"] = page
    if start + size < len(resources):
        said["nextPageToken"] = _token(page[-1], query)
    return said


def ordered(resources, order):
    """By name, or the newest first; nothing else is built, and nothing else is in Google's text."""
    if order == "creationTimestamp desc":
        return sorted(resources, key=_age, reverse=True)
    if order != "name":
        raise invalid(f"Invalid value for field 'orderBy': '{order}'.")
    return sorted(resources, key=lambda one: one["name"])


def _age(one):
    return one.get("creationTimestamp") or one.get("insertTime"), one["name"]


def _token(last, query):
    said = [last["name"], _age(last), _digest(query)]
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode()


def _start(resources, query):
    """Where the page begins: after the last one of the page before, even if that one is gone by now."""
    token = query.get("pageToken")
    if not token:
        return 0
    try:
        name, age, digest = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise invalid(f"Invalid value for field 'pageToken': '{token}'.") from error
    if digest != _digest(query):
        raise invalid(f"Invalid value for field 'pageToken': '{token}'. It belongs to another filter or order.")
    if query.get("orderBy") == "creationTimestamp desc":
        return sum(1 for one in resources if _age(one) >= tuple(age))
    return sum(1 for one in resources if one["name"] <= name)


def _digest(query):
    said = json.dumps([query.get("filter", ""), query.get("orderBy", "")])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _tests(text):
    """One test for each expression; all of them must hold."""
    parts = _expressions(text)
    regular = [REGEX.fullmatch(part) for part in parts]
    if any(regular):
        if not all(regular):
            raise invalid("Invalid value for field 'filter': eq and ne cannot be mixed with other operators.")
        if len({match["field"] for match in regular}) > 1:
            raise invalid("Invalid value for field 'filter': eq and ne cannot combine several fields.")
        return [_regular(match) for match in regular]
    return [_plain(part, text) for part in parts]


def _expressions(text):
    """The expressions of a filter: in parentheses, or joined by AND, or a single one."""
    inside = re.compile(r"""\((?:[^()"']|"[^"]*"|'[^']*')*\)(?:\s+AND\s+|\s*|$)""")
    if not text.startswith("("):
        return [part.strip() for part in re.split(r"\s+AND\s+", text)]
    parts, at = [], 0
    while at < len(text):
        match = inside.match(text, at)
        if match is None:
            raise invalid(f"Invalid value for field 'filter': '{text}'. Invalid list filter expression.")
        whole = match[0].strip()
        parts.append(whole[1 : whole.rindex(")")].strip())
        at = match.end()
    return parts


def _plain(part, text):
    present = PRESENT.fullmatch(part)
    if present:
        return lambda one: _value(one, present["field"]) is not None
    match = AIP.fullmatch(part)
    if match is None:
        raise invalid(f"Invalid value for field 'filter': '{text}'. Invalid list filter expression.")
    wanted, equal = _unquoted(match["value"]), match["operator"] == "="
    return lambda one: (_value(one, match["field"]) == wanted) == equal


def _regular(match):
    equal = match["operator"] == "eq"
    try:
        wanted = re.compile(_unquoted(match["value"]))
    except re.error as error:
        raise invalid(f"Invalid value for field 'filter': '{match['value']}' is no regular expression.") from error
    return lambda one: bool(wanted.fullmatch(_value(one, match["field"]) or "")) == equal


def _value(one, field):
    if field.startswith("labels."):
        return one.get("labels", {}).get(field.removeprefix("labels."))
    return one.get(field)


def _unquoted(text):
    return text[1:-1] if text[0] in "\"'" else text

"""Lies: answers of the right shape that are not true, and answers of a wrong shape.

Owns: what each kind of lie makes of a body.
Never: the truth: the world is not changed by a lie.
Read next: faults.py.
"""

OTHER_PROJECT = "other-tenant"


def tell(fault, body, name):
    """The body with the lie in it, None when the lie is that there is nothing."""
    kind = fault.kind
    if kind == "empty-page":
        return {key: value for key, value in body.items() if key != "items"} | {"nextPageToken": body.get("nextPageToken")
                                                                                or "bm8gc3VjaCBwYWdl"}
    only = fault.said.get("match", {}).get("name")
    if "items" not in body:
        return body if body.get("kind", "").endswith("List") else _one(fault, body)
    told = []
    for item in body["items"]:
        changed = _one(fault, item) if only in (None, item["name"], name) else item
        if changed is not None:
            told.append(changed)
    rest = {key: value for key, value in body.items() if key != "items"}
    return rest | ({"items": told} if told else {})


def _one(fault, body):
    """The lie about one resource."""
    if fault.kind == "missing":
        return None
    changes = {
        "wrong-source": _other_source,
        "wrong-incarnation": lambda _: {"sourceDiskId": "4"},
        "wrong-size": lambda one: {"diskSizeGb": str(int(one.get("diskSizeGb", 0)) + 1)},
        "wrong-labels": lambda _: {"labels": {"somebody": "else"}},
        "wrong-project": _other_project,
        "wrong-name": lambda one: {"name": one["name"][:60] + "-x"},
        "wrong-id": lambda _: {"id": "5"},
        "wrong-status": lambda _: {"status": "READY"},
        "wrong-target": lambda one: {"targetLink": one["targetLink"] + "-x", "targetId": "6"},
        "wrong": lambda _: {},
        "malformed": lambda _: {},
    }[fault.kind](body)
    told = {**body, **changes, **fault.said.get("set", {})}
    return {key: value for key, value in told.items() if value is not None or fault.kind == "malformed"}


def _other_source(one):
    return {"sourceDisk": one["sourceDisk"].rsplit("/", 1)[0] + "/another-disk", "sourceDiskId": "4"}


def _other_project(one):
    def moved(link):
        parts = link.split("/")
        parts[parts.index("projects") + 1] = OTHER_PROJECT
        return "/".join(parts)

    return {key: moved(value) for key, value in one.items()
            if isinstance(value, str) and value.startswith("https://") and "/projects/" in value}

"""Fills the template of Keystone's database with projects, people, credentials and the catalog.

Owns: who exists. Runs once at install time in the venv, and talks to Keystone's own API inside the process.
Never: ports (they are not known yet; the catalog holds names that `start` replaces).
Read next: start.

Usage: prepare.py ADMIN_PASSWORD FILE, with OS_KEYSTONE_CONFIG_FILES set; writes what it made to FILE.
"""

import json
import secrets
import sys

admin_password, people_file = sys.argv[1:]
sys.argv[1:] = []  # Keystone reads the arguments as its own

import webob  # noqa: E402
from keystone.server import wsgi  # noqa: E402

application = wsgi.initialize_public_application()


def call(method, path, body=None, token=None):
    """One request to Keystone; returns the body and the token of the answer."""
    request = webob.Request.blank("http://127.0.0.1/v3" + path, method=method)
    if body is not None:
        request.json_body = body
    if token:
        request.headers["X-Auth-Token"] = token
    response = request.get_response(application)
    if response.status_int >= 300:
        sys.exit(f"{method} {path}: {response.status} {response.text}")
    return (response.json if response.body else None), response.headers.get("X-Subject-Token")


def login(user, password, project):
    """A token of this user for this project."""
    who = {"name": user, "password": password, "domain": {"id": "default"}}
    scope = {"project": {"name": project, "domain": {"id": "default"}}}
    return call("POST", "/auth/tokens", {
        "auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": scope}})[1]


def prepare():
    """Makes everything; returns what tests need to know."""
    admin = login("admin", admin_password, "admin")
    roles = {role["name"]: role["id"] for role in call("GET", "/roles", token=admin)[0]["roles"]}

    def project(name):
        return call("POST", "/projects", {"project": {"name": name, "domain_id": "default"}}, admin)[0]["project"]["id"]

    def user(name, in_project, role):
        password = secrets.token_urlsafe(12)
        made = call("POST", "/users", {"user": {"name": name, "password": password, "domain_id": "default"}}, admin)
        ident = made[0]["user"]["id"]
        call("PUT", f"/projects/{in_project}/users/{ident}/roles/{roles[role]}", token=admin)
        return {"user": name, "user_id": ident, "password": password, "role": role}

    def credential(owner, project_name, name, **more):
        token = login(owner["user"], owner["password"], project_name)
        wanted = {"application_credential": {"name": name, "roles": [{"name": owner["role"]}], **more}}
        made = call("POST", f"/users/{owner['user_id']}/application_credentials", wanted, token)[0]
        return {"id": made["application_credential"]["id"], "secret": made["application_credential"]["secret"]}

    service, acme, other = project("service"), project("acme"), project("other")
    member = user("strongroom", acme, "member")
    said = {
        "project": "acme", "project_id": acme, **member,
        "application_credential": credential(member, "acme", "strongroom"),
        "application_credential_narrow": credential(member, "acme", "narrow", access_rules=[
            {"service": "block-storage", "method": "GET", "path": "/v3/**"},
            {"service": "block-storage", "method": "POST", "path": "/v3/*/snapshots"},
        ]),
        "reader": user("onlooker", acme, "reader"),
        "stranger": {"project": "other", "project_id": other, **user("stranger", other, "member")},
        "admin": {"project": "admin", "user": "admin", "password": admin_password, "role": "admin"},
        "service_password": user("cinder", service, "service")["password"],
    }
    for name, kind, url in (
        ("cinder", "block-storage", "http://127.0.0.1:CINDER/v3"),
        ("cinderv3", "volumev3", "http://127.0.0.1:CINDER/v3/$(project_id)s"),
    ):
        made = call("POST", "/services", {"service": {"name": name, "type": kind}}, admin)[0]["service"]["id"]
        call("POST", "/endpoints", {"endpoint": {
            "service_id": made, "interface": "public", "url": url, "region_id": "RegionOne"}}, admin)
    return said


with open(people_file, "w") as file:
    json.dump(prepare(), file, indent=1)

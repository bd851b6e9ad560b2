"""The shapes of Google's answers when something is wrong.

Owns: error bodies and the header lines that belong to them.
Never: when an error is due.
Read next: front.py.
"""

import json

HTML = "text/html; charset=UTF-8"
JSON = "application/json; charset=UTF-8"

#: status -> reason phrase of Google's own front end, used in the HTML page.
PHRASES = {200: "OK", 404: "Not Found", 411: "Length Required", 502: "Server Error"}

PAGE = """<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error {status} ({phrase})!!1</title>
  <p><b>{status}.</b> <ins>That's an error.</ins>
  <p>The server could not answer. <ins>That's all we know.</ins>
"""


class Reply:
    """What is sent: status, body (JSON, text or None) and header lines."""

    def __init__(self, status, body=None, headers=None, kind=JSON):
        self.status = status
        self.body = body
        self.headers = {"Content-Type": kind, "Vary": "Origin", "X-Content-Type-Options": "nosniff", **(headers or {})}

    def bytes(self):
        """The body as it travels."""
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body, indent=2).encode()


class Refusal(Exception):
    """An error answer."""

    def __init__(self, status, reason, message, *, domain="global", extra=None, details=None, state=None, headers=None):
        super().__init__(message)
        inner = {"message": message, "domain": domain, "reason": reason, **(extra or {})}
        error = {"code": status, "message": message, "errors": [inner]}
        if state:
            error["status"] = state
        if details:
            error["details"] = details
        self.reply = Reply(status, {"error": error}, headers)


class Page(Exception):
    """An answer in HTML, as Google's front end gives for what no API owns."""

    def __init__(self, status):
        super().__init__(status)
        self.reply = page(status)


def page(status):
    """The HTML page for a status."""
    return Reply(status, PAGE.format(status=status, phrase=PHRASES.get(status, "Error")), kind=HTML)


def info(reason, domain="googleapis.com", **metadata):
    """One entry of `details`."""
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": domain, "metadata": metadata}


def not_found(path):
    """404 for a resource path such as projects/p/global/snapshots/s."""
    return Refusal(404, "notFound", f"The resource '{path}' was not found")


def already_exists(path):
    """409 for a name that is taken."""
    return Refusal(409, "alreadyExists", f"The resource '{path}' already exists")


def invalid(message):
    """400 for a request that is wrong in itself."""
    return Refusal(400, "invalid", message)


def not_ready(path):
    """400 for a resource that something else is happening to."""
    return Refusal(400, "resourceNotReady", f"The resource '{path}' is not ready")


def rate_limited(retry_after=None, concurrent=False):
    """403 as the per-minute buckets and the limit of concurrent operations give it."""
    reason = "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED" if concurrent else "RATE_LIMIT_EXCEEDED"
    what = "'Concurrent operations'" if concurrent else "'Queries' and limit 'Queries per minute'"
    message = f"Quota exceeded for quota metric {what} of service 'compute.googleapis.com'."
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else None
    return Refusal(
        403, "rateLimitExceeded", message, domain="usageLimits", headers=headers,
        details=[info(reason, service="compute.googleapis.com", quotaMetric="compute.googleapis.com/default")],
    )


def unauthenticated(reason, method=None):
    """401; `reason` is one of Google's words such as ACCESS_TOKEN_EXPIRED."""
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    if reason == "CREDENTIALS_MISSING":
        message = "Request is missing required authentication credential. " + message.split(". ", 1)[1]
    return Refusal(
        401, "authError" if reason != "CREDENTIALS_MISSING" else "required", message,
        extra={"location": "Authorization", "locationType": "header"}, state="UNAUTHENTICATED",
        details=[info(reason, service="compute.googleapis.com", method=method or "")],
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'},
    )


def scope_missing(method):
    """403 for a token whose scopes do not cover the method."""
    return Refusal(
        403, "insufficientPermissions", "Request had insufficient authentication scopes.", state="PERMISSION_DENIED",
        details=[info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", service="compute.googleapis.com", method=method)],
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"'},
    )


def forbidden(permission, path):
    """403 for an account that lacks a permission: never worth a retry."""
    return Refusal(403, "forbidden", f"Required '{permission}' permission for '{path}'")


def not_implemented(what):
    """501: in the document, but not in this fake."""
    return Refusal(501, "notImplemented", f"{what} is not implemented by this counterpart")

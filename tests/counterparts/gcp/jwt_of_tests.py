"""Signs the tokens of the tests, right and wrong ones.

Owns: nothing but the shape of a JWT.
Never: used by the fake.
Read next: test_front.py.
"""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding


def signed(account, header=None, **claims):
    """A self-signed bearer token; claims given as None are left out."""
    now = int(time.time())
    usual = {"iss": account.email, "sub": account.email, "iat": now, "exp": now + 3600,
             "scope": "https://www.googleapis.com/auth/compute"}
    claims = {key: value for key, value in {**usual, **claims}.items() if value is not None}
    header = {"alg": "RS256", "typ": "JWT", "kid": account.key_id, **(header or {})}
    body = f"{_part(header)}.{_part(claims)}"
    signature = account.key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{body}.{_text(signature)}"


def _part(said):
    return _text(json.dumps(said).encode())


def _text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

"""Service accounts, their keys, the certificates, and who a bearer is.

Owns: making keys and certificates at the start, judging tokens, the token endpoint.
Never: what an account may do to a resource.
Read next: front.py.
"""

import base64
import json
import secrets
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from answers import Reply, unauthenticated

#: The audience of an assertion is this constant, whatever the address of the endpoint.
TOKEN_AUDIENCE = "https://oauth2.googleapis.com/token"
API_AUDIENCE = "https://compute.googleapis.com/"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_S = 3600
#: How far two honest clocks may be apart.
SKEW_S = 60
TOKEN_LIFE_S = 3599
PEM = serialization.Encoding.PEM


class Account:
    """One service account with one key; `denied` are ids of methods that its roles do not cover."""

    def __init__(self, name, project, denied=()):
        self.email = f"{name}@{project}.iam.gserviceaccount.com"
        self.project = project
        self.denied = set(denied)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = secrets.token_hex(20)

    def key_file(self, token_uri):
        """The content of the key file as Google's console gives it out."""
        private = self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        certificates = "https://www.googleapis.com"
        return {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": self.key_id,
            "private_key": private.decode(),
            "client_email": self.email,
            "client_id": str(10**20 + int(self.key_id[:12], 16)),
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "auth_provider_x509_cert_url": f"{certificates}/oauth2/v1/certs",
            "client_x509_cert_url": f"{certificates}/robot/v1/metadata/x509/{self.email.replace('@', '%40')}",
            "universe_domain": "googleapis.com",
        }


class Bearer:
    """Who asks, with which scopes (None: all), and how that was proven."""

    def __init__(self, account, scopes, kind, claims):
        self.account = account
        self.scopes = scopes
        self.kind = kind
        self.claims = claims

    def covers(self, method):
        """Whether the scopes reach the method."""
        return self.scopes is None or bool(self.scopes & method.scopes)


class Gate:
    """Judges tokens; `clock` gives the time in seconds."""

    def __init__(self, accounts, clock):
        self.accounts = {account.email: account for account in accounts}
        self.clock = clock
        self.tokens = {}

    def bearer(self, header, method_id):
        """The bearer of an Authorization header, or the 401 that it deserves."""
        if not header:
            raise unauthenticated("CREDENTIALS_MISSING", method_id)
        kind, _, token = header.partition(" ")
        if kind != "Bearer" or not token:
            raise unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED", method_id)
        if token in self.tokens:
            account, claims, until = self.tokens[token]
            if self.clock() >= until:
                raise unauthenticated("ACCESS_TOKEN_EXPIRED", method_id)
            return Bearer(account, set(claims["scope"].split()), "token", claims)
        try:
            account, claims = self._verified(token)
            scopes = self._self_signed(account, claims)
        except ValueError as problem:
            reason = "ACCESS_TOKEN_EXPIRED" if "expired" in str(problem) else "ACCESS_TOKEN_TYPE_UNSUPPORTED"
            raise unauthenticated(reason, method_id) from problem
        return Bearer(account, scopes, "self-signed", claims)

    def exchange(self, form):
        """The token endpoint: an assertion for an access token."""
        if form.get("grant_type") != GRANT or "assertion" not in form:
            return _grant_refused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        try:
            account, claims = self._verified(form["assertion"])
            if claims.get("aud") != TOKEN_AUDIENCE:
                raise ValueError("Invalid JWT: Failed audience check.")
            if not claims.get("scope"):
                return _grant_refused("invalid_scope", "Empty or missing scope not allowed.")
        except ValueError as problem:
            return _grant_refused("invalid_grant", str(problem))
        token = "ya29." + secrets.token_urlsafe(40)
        self.tokens[token] = (account, claims, self.clock() + TOKEN_LIFE_S)
        return Reply(200, {"access_token": token, "expires_in": TOKEN_LIFE_S, "token_type": "Bearer"})

    def _self_signed(self, account, claims):
        if claims.get("sub") != account.email:
            raise ValueError("Invalid JWT: sub is not the account.")
        if ("scope" in claims) == ("aud" in claims):
            raise ValueError("Invalid JWT: exactly one of scope and aud is wanted.")
        if "aud" in claims:
            if claims["aud"] != API_AUDIENCE:
                raise ValueError("Invalid JWT: Failed audience check.")
            return None
        return set(claims["scope"].split())

    def _verified(self, token):
        """The account and the claims of a signed token, or ValueError with Google's sentence."""
        try:
            head, body, signature = token.split(".")
            header, claims = json.loads(_decode(head)), json.loads(_decode(body))
            signature = _decode(signature)
        except ValueError as error:
            raise ValueError("Bad Request: not a JWT") from error
        account = self.accounts.get(claims.get("iss"))
        if account is None:
            raise ValueError("Invalid grant: account not found")
        if header.get("alg") != "RS256" or header.get("kid", account.key_id) != account.key_id:
            raise ValueError("Invalid JWT Signature.")
        try:
            account.key.public_key().verify(
                signature, f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature as error:
            raise ValueError("Invalid JWT Signature.") from error
        self._check_times(claims)
        return account, claims

    def _check_times(self, claims):
        issued, until, now = claims.get("iat"), claims.get("exp"), self.clock()
        if not isinstance(issued, int) or not isinstance(until, int):
            raise ValueError("Invalid JWT: iat and exp are wanted as integers.")
        if until - issued > LONGEST_S or until <= issued:
            raise ValueError("Invalid JWT: Token must be a short-lived token (60 minutes).")
        if issued > now + SKEW_S:
            raise ValueError("Invalid JWT: iat is in the future; check the clock.")
        if until <= now:
            raise ValueError("Invalid JWT: the token expired; check iat and exp values and the clock.")


def _grant_refused(error, description):
    return Reply(400, {"error": error, "error_description": description})


def _decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def make_certificates(folder):
    """Writes ca.pem (to trust), leaf.pem, expired.pem and leaf.key (to serve); returns their paths."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("Counterpart test authority")
    usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                           "encipher_only", "decipher_only"), False)
    usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage)
    ca = _unsigned(ca_name, ca_name, ca_key.public_key())
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    ca = ca.add_extension(usage, critical=True)
    identity = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = ca.add_extension(identity, critical=False).sign(ca_key, hashes.SHA256())
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(name) for name in ("compute.googleapis.com", "oauth2.googleapis.com", "localhost")]
    leaf = _unsigned(_name("compute.googleapis.com"), ca_name, key.public_key(), days=None)
    leaf = leaf.add_extension(x509.SubjectAlternativeName([*names, x509.IPAddress(ip_address("127.0.0.1"))]), False)
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identity), False)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    files = {name: folder / name for name in ("ca.pem", "leaf.pem", "leaf.key", "expired.pem")}
    files["ca.pem"].write_bytes(ca.public_bytes(PEM))
    for name, end in (("leaf.pem", timedelta(days=30)), ("expired.pem", timedelta(hours=-1))):
        ended = leaf.not_valid_after(datetime.now(timezone.utc) + end)
        files[name].write_bytes(ended.sign(ca_key, hashes.SHA256()).public_bytes(PEM))
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files["leaf.key"].write_bytes(private)
    return files


def _name(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _unsigned(subject, issuer, key, days=30):
    """A certificate without its extensions; `days` None leaves its end to be set."""
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1))
    return builder if days is None else builder.not_valid_after(now + timedelta(days=days))

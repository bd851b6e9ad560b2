"""Serves Keystone's own WSGI application with waitress.

Owns: nothing but the call. Usage: serve_keystone.py PORT, with OS_KEYSTONE_CONFIG_FILES set.
Never: changes Keystone, but for whole_transactions.py.
Read next: start.
"""

import sys

[port] = sys.argv[1:]
sys.argv[1:] = []  # Keystone reads the arguments as its own

import waitress  # noqa: E402
import whole_transactions  # noqa: E402, F401
from keystone.server import wsgi  # noqa: E402

waitress.serve(wsgi.initialize_public_application(), host="127.0.0.1", port=int(port), threads=4, ident="keystone")

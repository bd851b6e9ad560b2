"""Runs one of Cinder's own commands.

Owns: nothing but the call. Usage: serve_cinder.py api|scheduler|volume --config-file FILE.
Never: changes Cinder, but for whole_transactions.py.
Read next: start.
"""

import importlib
import sys

from cinder import monkey_patch

monkey_patch.patch()  # before anything else, as Cinder's commands do

import whole_transactions  # noqa: E402, F401

name = sys.argv.pop(1)
importlib.import_module(f"cinder.cmd.{name}").main()

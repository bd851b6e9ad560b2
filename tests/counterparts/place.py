"""The life of a counterpart, shared by every `tests/counterparts/<name>/start`.

Owns: installing once, own folder, own ports, own children, the line on stdout, and the end of it all.
Never: what a counterpart serves; anything outside Python's standard library.
Read next: README.md here, then one of the `start` files.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import children

#: How long a server may take until it answers; a counterpart that needs longer is broken.
PATIENCE_S = 120
#: How often a condition is looked at.
LOOK_S = 0.05


class Failure(Exception):
    """A real failure: one sentence, told on stderr; exit code 1."""


class Unavailable(Exception):
    """This machine lacks what the counterpart needs (a kernel feature, a package): exit code 0, the reason on stdout."""


class Over(Exception):
    """Whoever started us wants us to end (stdin closed or SIGTERM)."""


class Place:
    """One run of one counterpart."""

    def __init__(self, script):
        self.script = Path(script).resolve()
        self.here = self.script.parent
        self.name = self.here.name
        self.root = self.here.parents[2]
        base = os.environ.get("STRONGROOM_COUNTERPARTS")
        self.installed = (Path(base) if base else self.root / "target" / "counterparts") / self.name
        self.venv = self.installed / "venv"
        self.folder = None
        self._children = []
        self._endings = []
        self._stdin_ends = True

    # Installing

    def install(self, packages=(), build=None):
        """Installs requirements.txt into the venv and Debian `packages`; quick when nothing changed.

        `build(place)` runs once after them, for what else must be made (it may be run again: it must be idempotent).
        """
        self.installed.mkdir(parents=True, exist_ok=True)
        with _locked(self.installed / "lock"):
            stamp = self.installed / "stamp"
            wanted = self._digest(packages)
            if stamp.exists() and stamp.read_text() == wanted:
                return
            stamp.unlink(missing_ok=True)
            if packages:
                with _locked(self.installed.parent / "lock"):
                    _install_packages(list(packages))
            if (self.here / "requirements.txt").exists():
                self._install_requirements()
            if build:
                build(self)
            stamp.write_text(wanted)

    def _digest(self, packages):
        digest = hashlib.sha256(repr((sys.version, sorted(packages))).encode())
        for file in (self.script, self.here / "requirements.txt"):
            digest.update(file.read_bytes() if file.exists() else b"-")
        return digest.hexdigest()

    def _install_requirements(self):
        run([sys.executable, "-m", "venv", str(self.venv)], "the virtual environment could not be made")
        pip = [str(self.venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run(pip + ["-r", str(self.here / "requirements.txt")], "requirements.txt could not be installed")

    # Running

    def bin(self, command):
        """The path of a command of the venv."""
        return str(self.venv / "bin" / command)

    @property
    def logs(self):
        """The folder of the children's logs; kept at the end when KEEP is set."""
        return self.folder / "logs"

    def begin(self):
        """Makes the run's own folder."""
        self.folder = Path(tempfile.mkdtemp(prefix=f"counterpart-{self.name}-"))
        self.logs.mkdir()

    def spawn(self, name, argv, env=None, cwd=None):
        """Starts a child that ends with us, its output in logs/<name>.log; `env` is added to the environment.

        A child that changes its user loses the death signal: use `setpriv --pdeathsig TERM` there.
        """
        with open(self.logs / f"{name}.log", "ab") as log:
            child = subprocess.Popen(
                [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(env or {})}, cwd=cwd or self.folder, start_new_session=True, preexec_fn=children.tie_to(os.getpid()),
            )
        self._children.append((name, child))
        return child

    def stop(self, child):
        """Ends one child (and its process group) before the others: SIGTERM, then SIGKILL."""
        children.end([child])
        self._children = [(name, other) for name, other in self._children if other is not child]

    def at_end(self, action):
        """`action()` runs at the end after the children stopped, last one first (such as an unmount)."""
        self._endings.append(action)

    def wait_until(self, probe, what, seconds=PATIENCE_S):
        """Looks until `probe()` is true; what it raises (OSError, ValueError...) counts as not yet. Returns what it gave."""
        until = time.monotonic() + seconds
        last = None
        while time.monotonic() < until:
            self._look()
            try:
                answer = probe()
                if answer:
                    return answer
            except (Over, Failure, Unavailable):
                raise
            except Exception as error:  # whatever it is, it is told if it lasts
                last = error
            time.sleep(LOOK_S)
        raise Failure(f"{what} did not happen within {seconds} s" + (f" ({last!r})" if last else "") + self._last_words())

    def hold(self):
        """Blocks until whoever started us closes our stdin or sends SIGTERM; a child that ends by itself is a failure."""
        while True:
            self._look(1.0)

    def _look(self, seconds=0.0):
        for name, child in self._children:
            if child.poll() is not None:
                raise Failure(f"{name} ended by itself with code {child.returncode}" + self._last_words(name))
        if not self._stdin_ends:
            time.sleep(seconds)
        elif select.select([0], [], [], seconds)[0] and not os.read(0, 4096):
            raise Over

    def _last_words(self, name=None):
        words = []
        for name in [name] if name else [name for name, _ in self._children]:
            lines = (self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-5:]
            words += [f"\n  {name}: {line}" for line in lines]
        return "".join(words)

    def end(self):
        """Stops the children, last one first, and removes the folder (the logs stay when KEEP is set)."""
        children.end([child for _, child in reversed(self._children)])
        children.end_orphans()
        for action in reversed(self._endings):
            try:
                action()
            except Exception as error:  # the rest must end all the same
                print(f"{self.name}: {error}", file=sys.stderr)
        if self.folder is None:
            return
        for entry in self.folder.iterdir():
            if entry == self.logs and os.environ.get("KEEP"):
                continue
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def main(script, serve, packages=(), build=None, others=None):
    """The whole of a `start`: `serve(place)` starts the servers and returns what the line of JSON says.

    `others` maps further options, such as "--prove", to functions of the place that return an exit code.
    """
    words = sys.argv[1:]
    others = others or {}
    if len(words) > 1 or (words and words[0] not in ("--install", *others)):
        print(f"usage: {script} [{' | '.join(['--install', *others])}]", file=sys.stderr)
        sys.exit(2)
    place = Place(script)
    place._stdin_ends = not words  # only a run that serves lives as long as its stdin
    signal.signal(signal.SIGTERM, _over)
    signal.signal(signal.SIGINT, _over)
    children.adopt_orphans()
    code = 0
    try:
        place.install(packages, build)
        if words == ["--install"]:
            return
        place.begin()
        if words:
            code = others[words[0]](place)
        else:
            said = {**serve(place), "logs": str(place.logs)}
            print(json.dumps(said), flush=True)
            place.hold()
    except Over:
        code = 1 if words else 0
    except Unavailable as reason:
        print(json.dumps({"unavailable": str(reason)}), flush=True)
    except Failure as reason:
        print(f"{place.name}: {reason}", file=sys.stderr)
        code = 1
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        place.end()
    sys.exit(code)


def free_ports(count):
    """`count` different ports of 127.0.0.1 that nobody listens on."""
    with contextlib.ExitStack() as open_sockets:
        taken = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


def answers(port):
    """Whether something accepts connections on the port of 127.0.0.1."""
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return True


def run(argv, otherwise):
    """Runs a command to its end and returns its output; `otherwise` begins the sentence of the failure."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        last = "".join(f"\n  {line}" for line in (done.stdout + done.stderr).splitlines()[-5:])
        raise Failure(f"{otherwise}: `{' '.join(argv)}` ended with code {done.returncode}{last}")
    return done.stdout


def _over(_number, _frame):
    raise Over


@contextlib.contextmanager
def _locked(path):
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install_packages(packages):
    """Debian packages that are not there yet; `Unavailable` where there is no apt or no permission."""
    asked = ["dpkg-query", "--show", "--showformat", "${db:Status-Status}\n"]
    if shutil.which("apt-get") is None:
        raise Unavailable("the Debian packages " + ", ".join(packages) + " cannot be installed: there is no apt-get")
    there = [subprocess.run([*asked, one], capture_output=True, text=True).stdout.strip() for one in packages]
    missing = [one for one, state in zip(packages, there) if state != "installed"]
    if not missing:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and shutil.which("sudo") is None:
        raise Unavailable("the Debian packages " + ", ".join(missing) + " need root to be installed")
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    install = [*apt, "install", "-y", "--no-install-recommends", *missing]
    try:
        run(install, "the Debian packages could not be installed")
    except Failure:  # the list of packages may be old or missing
        run([*apt, "update"], "the list of Debian packages could not be read")
        run(install, "the Debian packages could not be installed")

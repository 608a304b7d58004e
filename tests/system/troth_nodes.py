"""A federation of real nodes on loopback, for tests, the demo and replays.

    with Federation(directory, sites=["acme/s1", "fastship/d1"]) as fed:
        fed.start()
        fed.register("brand")
        answer = fed.gateway("acme/s1").post("/v1/orders", {...})

Certificates come from `troth certs quick`, every node has a directory with its
configuration, data and log, ports are picked by the system at the first start
and kept from then on. Nothing here sleeps to wait for something: waits end with
the event, or with an exception that shows the node's last log lines.
"""

import collections
import http.client
import json
import os
import pathlib
import secrets
import shlex
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

DOMAIN = "fed.brand.example"
WAIT_S = 30  # The bound of every wait that names no other.


def program():
    """The troth to test: $TROTH_PROGRAM, or the newest build beside this tree."""
    named = os.environ.get("TROTH_PROGRAM")
    if named:
        return named
    top = pathlib.Path(__file__).resolve().parents[2]
    built = sorted(top.glob("build/*/troth"), key=lambda p: p.stat().st_mtime)
    if not built:
        raise RuntimeError("no troth program: build it, or set TROTH_PROGRAM")
    return str(built[-1])


class NodeError(Exception):
    """A node did not do in time what it should."""


Answer = collections.namedtuple("Answer", "status headers body")


class LogLine:
    """One line of a node's log: level, event, fields; `text` as it was written."""

    def __init__(self, text):
        self.text = text
        words = shlex.split(text.replace("\\n", " ")) if text else []
        self.level = words[0] if words else ""
        self.event = words[1] if len(words) > 1 else ""
        self.fields = dict(w.split("=", 1) for w in words[2:] if "=" in w)

    def __repr__(self):
        return self.text


def parse_line(text):
    try:
        return LogLine(text)
    except ValueError:  # Not ours: a sanitizer's report, say.
        line = LogLine("")
        line.text = text
        return line


class Node:
    """One daemon: central or a gateway."""

    def __init__(self, federation, name, config):
        self.federation = federation
        self.name = name  # "central" or "acme/s1"
        self.kind = "central" if name == "central" else "gateway"
        self.origin = "spiffe://%s/%s" % (
            federation.domain,
            name if name == "central" else "gw/" + name,
        )
        self.dir = federation.dir / name.replace("/", "-")
        self.certs = federation.pki / (
            "central" if name == "central" else "gw-" + name.replace("/", "-")
        )
        self.data = self.dir / "data"
        self.conf = self.dir / (self.kind + ".conf")
        self.token_file = self.dir / "admin.token"
        self.config = {
            "data_dir": str(self.data),
            "certs_dir": str(self.certs),
            "trust_domain": federation.domain,
            "api_listen": ["127.0.0.1:0"],
            "admin_token_file": str(self.token_file),
            "log_level": "debug",
            "map_gib": 4,
            "map_max_gib": 16,
            "reserve_mib": 1,
        }
        if self.kind == "central":
            self.config["listen"] = "127.0.0.1:0"
        else:
            self.config["reconnect_min_ms"] = 20
            self.config["reconnect_max_ms"] = 500
        self.config.update(config)
        self.process = None
        self.exit_code = None
        self.lines = []
        self._changed = threading.Condition()
        self._reader = None
        self.bus = None
        self.api = []
        self.env = {}
        self.dir.mkdir(parents=True, exist_ok=True)

    # ---- Life ----

    def write_config(self):
        def text(value):
            if isinstance(value, bool):
                return "true" if value else "false"
            if isinstance(value, int):
                return str(value)
            if isinstance(value, (list, tuple)):
                return "[ %s ]" % ", ".join(text(v) for v in value)
            return json.dumps(str(value))

        if self.kind == "gateway" and "central" not in self.config:
            self.config["central"] = self.federation.central.bus
        self.conf.write_text(
            "".join("%s = %s;\n" % (k, text(v)) for k, v in self.config.items())
        )

    def start(self, wait=True, options=()):
        """Starts it, with more options than most; with `wait`, returns when it serves."""
        if self.process is not None:
            raise NodeError("%s runs already" % self.name)
        self.write_config()
        if (self.data / "addresses").exists():
            (self.data / "addresses").unlink()
        self.exit_code = None
        self.process = subprocess.Popen(
            [self.federation.program, self.kind, "--config", str(self.conf), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **self.env},
        )
        self._mark = len(self.lines)
        self._reader = threading.Thread(
            target=self._read_log, args=(self.process,), daemon=True
        )
        self._reader.start()
        if wait:
            self.wait_ready()
        return self

    def _read_log(self, process):
        with open(self.dir / "log", "a", encoding="utf-8") as log:
            for raw in process.stderr:
                text = raw.decode("utf-8", "replace").rstrip("\n")
                log.write(text + "\n")
                log.flush()
                with self._changed:
                    self.lines.append(parse_line(text))
                    self._changed.notify_all()
        code = process.wait()
        with self._changed:
            self.exit_code = code
            self._changed.notify_all()

    def wait_ready(self, timeout=WAIT_S):
        self.wait_log("ready", timeout, since=self._mark)
        self.api = []
        for line in (self.data / "addresses").read_text().splitlines():
            what, where = line.split(" ", 1)
            if what == "bus":
                self.bus = where
            else:
                self.api.append(where)
        # The next start takes the same ports, so that others find it again.
        if self.kind == "central":
            self.config["listen"] = self.bus
        self.config["api_listen"] = [u.split("://", 1)[1] for u in self.api]

    def cpu_s(self):
        """Seconds of processor time that the process has used."""
        stat = pathlib.Path("/proc/%d/stat" % self.process.pid).read_text()
        user, system = stat.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def running(self):
        return self.process is not None and self.exit_code is None

    def wait_exit(self, timeout=WAIT_S):
        """Waits for the end of the process and returns its exit code."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.exit_code is not None, timeout):
                raise NodeError(self._trouble("still runs after %g s" % timeout))
        self._reader.join()
        self.process.stderr.close()
        self.process = None
        return self.exit_code

    def stop(self, timeout=WAIT_S):
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait_exit(timeout)

    def kill(self):
        """SIGKILL: what a power cut is to the process."""
        self.process.send_signal(signal.SIGKILL)
        return self.wait_exit()

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, timeout=WAIT_S):
        """SIGHUP; returns the log line that tells what came of it."""
        since = len(self.lines)
        self.signal(signal.SIGHUP)
        return self.wait_log(("reloaded", "reload_failed"), timeout, since)

    def run(self, *arguments):
        """Runs the command in the foreground, as for --check; returns the result."""
        self.write_config()
        return subprocess.run(
            [self.federation.program, self.kind, "--config", str(self.conf)]
            + list(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            env={**os.environ, **self.env},
            check=False,
        )

    # ---- Log ----

    def find_log(self, event, since=0, **fields):
        """The first line with that event (or one of some) and those fields, or None."""
        events = (event,) if isinstance(event, str) else event
        for line in self.lines[since:]:
            if line.event in events and all(
                line.fields.get(k) == v for k, v in fields.items()
            ):
                return line
        return None

    def wait_log(self, event, timeout=WAIT_S, since=0, **fields):
        """Waits for such a line; fails at once if the process ends without it."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                line = self.find_log(event, since, **fields)
                if line is not None:
                    return line
                left = deadline - time.monotonic()
                if self.exit_code is not None:
                    raise NodeError(
                        self._trouble("ended with %d, no %s" % (self.exit_code, event))
                    )
                if left <= 0 or not self._changed.wait(left):
                    raise NodeError(
                        self._trouble("no %s %s in %g s" % (event, fields, timeout))
                    )

    def _trouble(self, what):
        tail = "\n    ".join(line.text for line in self.lines[-12:])
        return "%s: %s\n    %s" % (self.name, what, tail)

    # ---- API ----

    def token(self):
        return self.token_file.read_text().strip()

    def connect(self, timeout=WAIT_S, url=None, context=None):
        u = urllib.parse.urlsplit(url or self.api[0])
        if u.scheme == "https":
            return http.client.HTTPSConnection(
                u.hostname, u.port, timeout=timeout, context=context
            )
        return http.client.HTTPConnection(u.hostname, u.port, timeout=timeout)

    def call(
        self, method, path, body=None, key=None, if_match=None, token=None, timeout=WAIT_S,
        headers=None,
    ):
        """One request, one Answer, whatever its status. A dict body is sent as JSON."""
        h = {"Authorization": "Bearer " + (token or self.token()), **(headers or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            h["Content-Type"] = "application/json"
        if key is not None:
            h["Idempotency-Key"] = key
        if if_match is not None:
            h["If-Match"] = if_match
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body, h)
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        kind = response.headers.get("Content-Type", "")
        return Answer(
            response.status,
            response.headers,
            json.loads(raw) if "json" in kind and raw else raw,
        )

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, key=None, **options):
        """POST with an idempotency key of its own, unless one is given."""
        return self.call(
            "POST", path, {} if body is None else body,
            key=key or secrets.token_hex(16), **options,
        )

    def must_get(self, path, **options):
        return self._must(self.get(path, **options), "GET " + path)

    def must_post(self, path, body=None, **options):
        """The body of the answer, which must be a success."""
        return self._must(self.post(path, body, **options), "POST " + path)

    def _must(self, answer, what):
        if answer.status >= 300:
            raise NodeError(
                self._trouble("%s: %d %s" % (what, answer.status, answer.body))
            )
        return answer.body

    def wait_get(self, path, wanted, timeout=WAIT_S, **options):
        """
        GETs until `wanted(answer)` is true. Between two tries it waits for the
        node's event stream to say something, not for time to pass.
        """
        deadline = time.monotonic() + timeout
        with Events(self, options.get("token")) as events:
            while True:
                answer = self.get(path, **options)
                if wanted(answer):
                    return answer
                left = deadline - time.monotonic()
                if left <= 0 or not events.wait_any(min(left, 1.0)):
                    if time.monotonic() >= deadline:
                        raise NodeError(
                            self._trouble(
                                "GET %s: not in %g s; last %d %s"
                                % (path, timeout, answer.status, answer.body)
                            )
                        )


Event = collections.namedtuple("Event", "id type data")


class Events:
    """A reader of /v1/events, on a thread of its own; `seen` grows as they come."""

    def __init__(self, node, token=None, after=None, path="/v1/events"):
        self.node = node
        self.seen = []
        self.ended = None  # Why the stream ended, once it has.
        self._waited = 0
        self._came = threading.Condition()
        self._connection = node.connect(timeout=WAIT_S)
        headers = {
            "Authorization": "Bearer " + (token or node.token()),
            "Accept": "text/event-stream",
        }
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        self._connection.request("GET", path, None, headers)
        self._socket = self._connection.sock  # The response takes it over.
        self.response = self._connection.getresponse()
        if self.response.status != 200:
            body = self.response.read()
            raise NodeError("%s: %d %s" % (path, self.response.status, body))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        ident, kind, data = None, "message", []
        why = "closed"
        try:
            while True:
                raw = self.response.readline()
                if not raw:
                    break
                line = raw.decode("utf-8").rstrip("\r\n")
                if not line:
                    if data:
                        event = Event(ident, kind, json.loads("\n".join(data)))
                        with self._came:
                            self.seen.append(event)
                            self._came.notify_all()
                    kind, data = "message", []
                    continue
                field, _, value = line.partition(":")
                value = value[1:] if value.startswith(" ") else value
                if field == "id":
                    ident = value
                elif field == "event":
                    kind = value
                elif field == "data":
                    data.append(value)
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as e:
            why = str(e) or type(e).__name__
        with self._came:
            self.ended = why
            self._came.notify_all()

    def wait_any(self, timeout):
        """True if something came since the last call, or comes in time."""
        with self._came:
            came = self._came.wait_for(
                lambda: len(self.seen) > self._waited or self.ended, timeout
            )
            self._waited = len(self.seen)
            return bool(came)

    def wait_for(self, wanted, timeout=WAIT_S):
        """The first event for which `wanted(event)` is true."""
        deadline = time.monotonic() + timeout
        at = 0
        with self._came:
            while True:
                for event in self.seen[at:]:
                    if wanted(event):
                        return event
                at = len(self.seen)
                left = deadline - time.monotonic()
                if self.ended or left <= 0 or not self._came.wait(left):
                    raise NodeError(
                        "%s: no such event in %g s (stream: %s); last: %s"
                        % (self.node.name, timeout, self.ended or "open", self.seen[-3:])
                    )

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The other end was first.
        self._thread.join(WAIT_S)
        if self._thread.is_alive():  # It holds what close would wait for.
            raise NodeError("%s: the reader of events does not end" % self.node.name)
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class Federation:
    """
    Central and the gateways of `sites` ("party/site"). `config` is for all nodes,
    `central` and `gateways` for those; see `troth central --help-config`.
    `clock`: the instant at which simulated clocks begin, RFC 3339.
    """

    def __init__(
        self, directory, sites, domain=DOMAIN, config=None, central=None, gateways=None,
        clock=None, troth=None,
    ):
        self.dir = pathlib.Path(directory)
        self.domain = domain
        self.program = troth or program()
        self.pki = self.dir / "pki"
        self.sites = list(sites)
        common = dict(config or {})
        if clock is not None:
            common.update(clock="simulated", clock_start=clock)
        self.dir.mkdir(parents=True, exist_ok=True)
        if not self.pki.exists():
            names = ["gw/" + s for s in sites]
            self.certs("quick", self.pki, "--domain", domain, "central", *names)
        self.central = Node(self, "central", {**common, **(central or {})})
        self.gateways = {
            s: Node(self, s, {**common, **(gateways or {})}) for s in self.sites
        }

    def certs(self, *arguments):
        """`troth certs ...`; returns what it printed."""
        done = subprocess.run(
            [self.program, "certs"] + [str(a) for a in arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise NodeError("troth certs %s: %s" % (arguments[0], done.stderr.strip()))
        return done.stdout

    def gateway(self, site):
        return self.gateways[site]

    def nodes(self):
        return [self.central] + list(self.gateways.values())

    def start(self):
        """Central first, because it picks its port; then all gateways at once."""
        if not self.central.running():
            self.central.start()
        idle = [g for g in self.gateways.values() if not g.running()]
        for g in idle:
            g.start(wait=False)
        for g in idle:
            g.wait_ready()
        return self

    def sign_key(self, directory):
        """The public key of sign.pem in there, as HQ registers it: 64 hex digits."""
        pem = subprocess.run(
            ["openssl", "x509", "-in", str(directory / "sign.pem"), "-noout", "-pubkey"],
            capture_output=True, check=True,
        ).stdout
        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-outform", "DER"],
            input=pem, capture_output=True, check=True,
        ).stdout
        return der[-32:].hex()

    def register(self, brand="brand", roles=None):
        """
        HQ adds the brand, the parties of all sites, and the sites. `roles`: the role
        of a party where it is not "vendor".
        """
        roles = roles or {}
        add = self.central.must_post
        add("/v1/parties", {"party": brand, "role": "brand", "name": brand.title()})
        for party in sorted({s.split("/")[0] for s in self.sites} - {brand}):
            role = roles.get(party, "vendor")
            add("/v1/parties", {"party": party, "role": role, "name": party.title()})
        for name, node in self.gateways.items():
            party, site = name.split("/")
            add("/v1/sites", {"party": party, "site": site, "origin": node.origin,
                              "sign_key": self.sign_key(node.certs)})

    def set_clock(self, to):
        """Moves all simulated clocks, central's last: nothing is late by accident."""
        for node in list(self.gateways.values()) + [self.central]:
            if node.running():
                node.must_post("/v1/clock", {"now": to})

    def stop(self):
        """Stops all that runs: gateways, then central. Returns the exit codes."""
        codes = {}
        for node in reversed(self.nodes()):
            if node.running():
                codes[node.name] = node.stop()
        return codes

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for node in reversed(self.nodes()):
            if node.running():
                node.kill()


def self_signed(directory, name="localhost"):
    """A certificate and key for an API on TLS; returns their paths."""
    cert, key = pathlib.Path(directory) / "api.pem", pathlib.Path(directory) / "api.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
         "-addext", "subjectAltName=DNS:%s,IP:127.0.0.1" % name,
         "-keyout", str(key), "-out", str(cert)],
        capture_output=True, check=True,
    )
    key.chmod(0o400)
    return cert, key


def tls_context(cert):
    """For Node.connect(context=...): believes just that certificate."""
    return ssl.create_default_context(cafile=str(cert))

"""What the tests with real faults share: how they are run, and how they look inside.

A test program names its tests in a table {sentence: function}; CTest runs one
sentence at a time. Each gets a directory of its own, which stays if it fails.
A test that cannot run here (not root, a tool is missing) says so and exits 77.

Stores are read with Debian's mdb_dump and messages with the few lines of
protobuf below, so that no code of troth judges itself.
"""

import argparse
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))

from troth_nodes import Federation, NodeError, WAIT_S  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[3]
MINT_BAD = TOP / "tests" / "support" / "mint_bad.sh"
SKIPPED = 77

VENDOR, SELLER, CARRIER = "acme/s1", "shop/s1", "fastship/d1"
ROLES = {"shop": "seller", "fastship": "carrier"}

# Gateways and central that notice within seconds what they may take a minute for.
QUICK_GATEWAY = {
    "heartbeat_ms": 300, "idle_ms": 1500, "handshake_ms": 1500, "stall_ms": 1500,
    "follow_wait_ms": 500, "answer_timeout_ms": 2500, "fresh_ms": 1000,
    "reconnect_min_ms": 20, "reconnect_max_ms": 200,
}
QUICK_CENTRAL = {"idle_ms": 1500, "handshake_ms": 1500, "stall_ms": 1500, "fresh_ms": 1000}


class Skip(Exception):
    """Cannot be tested here; the text says why."""


class Fault(Exception):
    """A property does not hold."""


def must(held, *what):
    if not held:
        raise Fault(" ".join(str(w) for w in what))


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root, for namespaces and mounts")


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise Skip("needs %s" % tool)


def run(*command, **options):
    """Runs a tool that must succeed; returns what it printed."""
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=60, **options,
    )
    if done.returncode != 0:
        raise NodeError("%s: exit %d: %s" % (
            " ".join(map(str, command)), done.returncode, done.stderr.strip()))
    return done.stdout


_never = threading.Event()


def pause(seconds):
    """Between two tries of something that is bounded elsewhere."""
    _never.wait(seconds)


def until(what, wanted, timeout=WAIT_S, step=0.02):
    """Asks `wanted()` again and again until it gives something true, and returns it."""
    deadline = time.monotonic() + timeout
    while True:
        got = wanted()
        if got:
            return got
        if time.monotonic() >= deadline:
            raise Fault("not in %g s: %s" % (timeout, what() if callable(what) else what))
        _never.wait(step)


def moment(rng, longest):
    """A random moment passes. Not to wait for something: to be anywhere in what goes on."""
    _never.wait(rng.uniform(0, longest))


def say(*words):
    print("#", *words, flush=True)


# --- a federation with a story ---------------------------------------------------


def federation(directory, sites=(VENDOR, SELLER, CARRIER), **options):
    config = {"log_level": "info", **options.pop("config", {})}
    return Federation(directory, list(sites), config=config, **options)


def start(fed, sites=None):
    """Central, then HQ adds everybody, then the gateways (of `sites`) come in."""
    if not fed.central.running():
        fed.central.start()
    fed.register(roles=ROLES)
    gateways = [fed.gateway(s) for s in sites or fed.sites]
    for g in gateways:
        g.start(wait=False)
    for g in gateways:
        g.wait_ready()
    settle(fed, sites=sites)


def settle(fed, timeout=WAIT_S, sites=None):
    """All gateways are up, have handed over everything and hold all they may see."""
    def state(node):
        try:
            link = node.must_get("/v1/status")["link"]
            return (link["up"], link["backlog"])
        except OSError as e:
            return (False, str(e))

    gateways = [fed.gateway(s) for s in sites or fed.sites]
    until(lambda: "settled: %s" % {g.name: state(g) for g in gateways},
          lambda: all(state(g) == (True, 0) for g in gateways), timeout)
    for g in gateways:
        until("a fresh answer of " + g.name,
              lambda g=g: g.get("/v1/orders?limit=1&fresh=true").status == 200, timeout)


# --- stores ----------------------------------------------------------------------


def tables(data_dir):
    """{table: number of records}, as mdb_stat counts them."""
    found, name = {}, None
    for line in run("mdb_stat", "-a", data_dir).splitlines():
        if line.startswith("Status of "):
            name = line[len("Status of "):]
        elif line.strip().startswith("Entries:") and name != "Main DB":
            found[name] = int(line.split(":")[1])
    return found


def dump(data_dir, table):
    """All records of one table: [(key, value)]. A short dump is an error."""
    records, lines = [], run("mdb_dump", "-s", table, data_dir).splitlines()
    lines = lines[lines.index("HEADER=END") + 1:lines.index("DATA=END")]
    for key, value in zip(lines[0::2], lines[1::2]):
        records.append((bytes.fromhex(key.strip()), bytes.fromhex(value.strip())))
    count = tables(data_dir).get(table)
    must(count == len(records), data_dir, table, "has", count, "dumped", len(records))
    return records


class Store:
    """What a node that has stopped keeps."""

    def __init__(self, node):
        self.name = node.name
        self.dir = node.data / "store"
        self.counts = tables(self.dir)
        self.entries = {
            int.from_bytes(k, "big"): v for k, v in dump(self.dir, "entries")
        }
        self.digests = {k: v[:32] for k, v in dump(self.dir, "subjects")}


# --- protobuf ---------------------------------------------------------------------


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """[(number, value)]: ints for numbers, bytes for everything with a length."""
    at, found = 0, []
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = int.from_bytes(data[at:at + 8], "little"), at + 8
        elif kind == 5:
            value, at = int.from_bytes(data[at:at + 4], "little"), at + 4
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise Fault("no protobuf: wire type %d" % kind)
        found.append((tag >> 3, value))
    return found


def encode(*pairs):
    """The opposite, for ints and bytes; (number, int, "fixed64") for those."""
    def number(value):
        out = bytearray()
        while value >= 0x80:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        out.append(value)
        return bytes(out)

    out = b""
    for pair in pairs:
        n, value = pair[0], pair[1]
        if len(pair) == 3:
            out += number(n << 3 | 1) + value.to_bytes(8, "little")
        elif isinstance(value, int):
            out += number(n << 3) + number(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += number(n << 3 | 2) + number(len(value)) + value
    return out


PROMISE_MADE, COMMITMENT_STEP, ORDER_PLACED = 50, 61, 30


class Entry:
    """One ledger entry: outcome, and of its body what the tests ask for."""

    def __init__(self, raw):
        self.raw = raw
        top = dict(fields(raw))
        body = dict(fields(top[1]))
        self.outcome = dict(fields(top.get(2, b""))).get(1, 0)
        self.event_id = body.get(1)
        self.origin = body.get(3, b"").decode()
        self.origin_seq = (self.origin, body.get(4), body.get(5))
        self.subject = body.get(11)
        self.type = max(body)
        self.payload = fields(body[self.type]) if self.type >= 20 else []

    def get(self, number):
        return dict(self.payload).get(number)


def check_ledger(store):
    """Positions without gaps, every leaf hash right, no event twice; the entries."""
    size = len(store.entries)
    must(sorted(store.entries) == list(range(size)), store.name, "positions have gaps")
    hashes = dump(store.dir, "hashes")
    must(len(hashes) == size, store.name, size, "entries,", len(hashes), "hashes")
    for key, value in hashes:
        raw = store.entries[int.from_bytes(key, "big")]
        must(hashlib.sha256(b"\0" + raw).digest() == value[:32], "leaf hash of", key.hex())
    entries = [Entry(store.entries[i]) for i in range(size)]
    for what in ("event_id", "origin_seq"):
        seen = {getattr(e, what) for e in entries}
        must(len(seen) == size, store.name, "some", what, "stands twice")
    return entries


# --- running -----------------------------------------------------------------------


def main(tests):
    """The whole of a test program: one sentence or `all`, each in its own directory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sentence", choices=["all"] + list(tests))
    parser.add_argument("--rounds", type=int, default=0, help="more of it: a soak")
    parser.add_argument("--seed", type=int, default=1, help="of every random choice")
    args = parser.parse_args()
    # A test that is told to stop still ends its nodes and unmounts its disks.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    codes = [one(name, tests[name], args.seed, args.rounds)
             for name in (tests if args.sentence == "all" else [args.sentence])]
    sys.exit(codes[0] if len(codes) == 1 else max(c for c in codes + [0] if c != SKIPPED))


def one(sentence, test, seed, rounds):
    """Runs one test; its exit code."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="troth-fault-"))
    say("%s, seed %d" % (sentence, seed))
    try:
        need("mdb_dump", "mdb_stat", "openssl")
        test(directory, random.Random(seed), rounds)
    except Skip as why:
        print("skipped: %s" % why)
        code = SKIPPED
    except Exception as why:  # Whatever ends a test is its failure.
        traceback.print_exc()
        print("FAILED (seed %d): %s\nwhat is left: %s" % (seed, why, directory))
        return 1
    else:
        print("held: %s" % sentence, flush=True)
        code = 0
    shutil.rmtree(directory, ignore_errors=True)
    return code

#!/usr/bin/env python3
"""Bad peers of the bus against real nodes: each costs itself, and nobody else."""

import secrets
import socket
import ssl
import struct
import threading
import time

from kit import (
    CARRIER, MINT_BAD, SELLER, VENDOR, Fault, encode, federation, main, must, run, say,
    start, until,
)
from load import order, promise
from peer import FOLLOW, HELLO, SP_REQ, SUBMIT, Closed, Peer, client_hello, context

MALLORY = "mallory/m1"  # In the federation, with good certificates, and up to no good.
MESSAGE_MAX = 4 << 20
FROM_ELSEWHERE = "127.0.0.2"
NOTHING_MORE_S = 0.3  # How long a second log line is given to show itself.


class Street:
    """A federation where promises pass from vendor to carrier while others attack."""

    def __init__(self, directory, central=None, gateways=None):
        self.fed = federation(
            directory, sites=(VENDOR, SELLER, CARRIER, MALLORY), central=central or {},
            gateways=gateways or {})
        self.dir = directory
        self.central = self.fed.central

    def __enter__(self):
        try:
            self._open()
        except BaseException:
            self.fed.__exit__()
            raise
        return self

    def _open(self):
        start(self.fed, (VENDOR, SELLER, CARRIER))
        vendor, seller = self.fed.gateway(VENDOR), self.fed.gateway(SELLER)
        placed = seller.must_post("/v1/orders", order("c-1"))["id"]
        opened = vendor.must_post(
            "/v1/cases", {"customer": "c-1", "reason": "late_delivery"})["id"]
        vendor.must_post("/v1/orders/%s/cases" % placed, {"case": opened})
        self.path = "/v1/orders/%s/promises" % placed
        vendor.wait_get("/v1/orders/" + placed, lambda a: a.status == 200)
        self.passes()

    def __exit__(self, *exc):
        self.fed.__exit__(*exc)

    def passes(self, timeout=10):
        """A promise made at the vendor's is at the carrier's; how many seconds it took."""
        began = time.monotonic()
        made = self.fed.gateway(VENDOR).must_post(
            self.path, promise("G-" + secrets.token_hex(6), "fastship"))
        carrier = self.fed.gateway(CARRIER)
        until("the promise is at the carrier's",
              lambda: carrier.get("/v1/promises/" + made["id"]).status == 200, timeout)
        return time.monotonic() - began

    def mint(self, kind, node):
        """A certificate directory with one thing wrong."""
        out = self.dir / ("bad-%s-%s" % (kind, node.replace("/", "-")))
        run(MINT_BAD, kind, self.fed.pki / "ca", node, out)
        return out

    def warned(self, since):
        return [x for x in self.central.lines[since:] if x.level in ("warn", "error")]

    def one_line(self, since, events, what):
        """Exactly one warning since then, with one of these events."""
        until(lambda: "%s: a line %s; there is %s" % (
                  what, events, [x.text for x in self.warned(since)]),
              lambda: self.warned(since), 10)
        threading.Event().wait(NOTHING_MORE_S)
        lines = self.warned(since)
        must(len(lines) == 1 and lines[0].event in events,
             what, "wants one line of", events, "has", [x.text for x in lines])
        say("%-28s %s" % (what, lines[0].text))
        return lines[0]

    def undisturbed(self, since):
        """No connection of the others ended."""
        for line in self.central.lines[since:]:
            for site in (VENDOR, SELLER, CARRIER):
                must(not (line.event.startswith("bus_")
                          and line.fields.get("peer", "").endswith(site)), line.text)


def refused(street, what, certs, events):
    """A peer with such certificates: nothing comes to it, one line tells of it."""
    since = len(street.central.lines)
    try:
        with Peer(street.central.bus, certs) as peer:
            peer.up()
            raise Fault("%s: was let in" % what)
    except Closed:
        pass
    line = street.one_line(since, events, what)
    must(line.fields.get("address", "").startswith("127.0.0.1:"), line.text)
    must(line.fields.get("why"), "no reason:", line.text)


def who_is_not_let_in_gets_nowhere_and_one_log_line(directory, rng, rounds):
    del rng, rounds
    with Street(directory) as street:
        since = len(street.central.lines)
        node = "gw/" + MALLORY
        tls, name = ("bus_tls_refused",), ("bus_bad_identity",)
        refused(street, "no certificate", None, tls)
        for kind, events in (
            ("other-ca", tls), ("expired", tls), ("early", tls),
            ("two-uris", name), ("no-uri", name), ("other-domain", tls),
            ("sub-domain", tls), ("ip-san", tls + name), ("server-eku", tls + name),
            ("no-eku", tls + name), ("any-eku", tls + name),
        ):
            refused(street, kind, street.mint(kind, node), events)
        refused(street, "central's own name", street.mint("good", "central"), tls + name)
        # TLS 1.2, with a certificate that is good.
        certs = street.fed.gateway(MALLORY).certs
        old = context(certs)
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        at = len(street.central.lines)
        host, port = street.central.bus.rsplit(":", 1)
        try:
            with socket.create_connection((host, int(port)), 10) as plain:
                old.wrap_socket(plain)
            raise Fault("TLS 1.2 was accepted")
        except (ssl.SSLError, OSError):
            street.one_line(at, tls, "TLS 1.2")
        # The control: the same steps with nothing wrong lead in.
        with Peer(street.central.bus, street.mint("good", node)) as peer:
            must(peer.up().hello()[0] == HELLO, "a good peer is not answered")
        street.passes()
        street.undisturbed(since)


def a_gateway_posing_as_central_is_not_believed(directory, rng, rounds):
    del rng, rounds
    with Street(directory) as street:
        victim = street.fed.gateway(VENDOR)
        victim.stop()
        for what, certs in (
            ("another gateway", street.fed.gateway(MALLORY).certs),
            ("central of another CA", street.mint("other-ca", "central")),
            ("an expired central", street.mint("expired", "central")),
        ):
            with Impostor(certs) as impostor:
                victim.config["central"] = impostor.address
                victim.config["reconnect_min_ms"] = 60000
                victim.config["reconnect_max_ms"] = 60000
                victim.start()
                since = victim._mark
                line = victim.wait_log(("bus_tls_refused", "bus_bad_identity"), since=since)
                threading.Event().wait(NOTHING_MORE_S)
                lines = [x for x in victim.lines[since:]
                         if x.level in ("warn", "error") and x.event.startswith("bus_")]
                must(len(lines) == 1, "one line, but:", [x.text for x in lines])
                must(impostor.got == b"", what, "was told", impostor.got)
                must(not victim.must_get("/v1/status")["link"]["up"], "believes", what)
                say("%-28s %s" % (what, line.text))
                made = victim.must_post(street.path, promise("W-1", "fastship"))
                victim.stop()
        victim.config["central"] = street.central.bus
        victim.start()
        street.fed.gateway(CARRIER).wait_get(
            "/v1/promises/" + made["id"], lambda a: a.status == 200)


class Impostor:
    """Listens as central would, with certificates of somebody else."""

    def __init__(self, certs):
        self.got = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._context = context(certs, server=True)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                plain.settimeout(5)
                with self._context.wrap_socket(plain, server_side=True) as tls:
                    self.got += tls.recv(4096)
            except (OSError, ssl.SSLError):
                pass
            finally:
                plain.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def plain_attacks(rng):
    """Bytes that are no TLS: {name: bytes}."""
    return {
        "garbage": rng.randbytes(4096),
        "zeros": bytes(1000),
        "an SP header in the clear": SP_REQ,
        "a request of the web": b"GET / HTTP/1.1\r\nHost: central\r\n\r\n",
        "a record beyond TLS's limit": b"\x16\x03\x01\xff\xff" + bytes(70000),
    }


def message(payload, request=0x80000001):
    return struct.pack(">QI", 4 + len(payload), request) + payload


def attacks_of_a_member(rng):
    """After a good handshake: [(name, hello first?, bytes, events)]."""
    malformed = ("bus_malformed", "malformed")
    submit = encode((1, 1), (2, 1), (3, b"\x12\x34"), (5, bytes(64)))
    return [
        ("no SP header", None, rng.randbytes(64), ("bus_malformed",)),
        ("another SP protocol", None, bytes.fromhex("0053500000100000"), ("bus_malformed",)),
        ("a length beyond the limit", True, struct.pack(">QI", MESSAGE_MAX + 5, 0x80000001),
         ("bus_oversize",)),
        ("a length of 2^64 - 1", True, b"\xff" * 12, ("bus_oversize",)),
        ("a length of 3", True, struct.pack(">QI", 3, 0x80000001), ("bus_malformed",)),
        ("half a message", True, message(bytes(50000))[:-1], ("bus_half_message",)),
        ("half a length", True, struct.pack(">Q", 50000)[:7], ("bus_half_message",)),
        ("nothing at all", None, b"", ("bus_handshake_timeout",)),
        ("nothing after hello", True, b"", ("bus_idle",)),
        ("a request id of no request", True, message(b"", 1), ("bus_malformed",)),
        ("no protobuf", True, message(rng.randbytes(200)), malformed),
        ("no protobuf before hello", False, message(rng.randbytes(200)), malformed),
        ("a body that is none", True, message(encode((SUBMIT, submit))),
         ("turned_away",)),
        ("a follow of bad types", True, message(encode((FOLLOW, encode((1, b"text"))))),
         malformed),
        ("marks after the last of all numbers", True,
         message(encode((FOLLOW, encode((3, 20000), (4, 2**64 - 1))))), ("went_back",)),
    ]


def bad_bytes_cost_their_sender_only(directory, rng, rounds):
    del rounds
    with Street(directory, {"stall_ms": 1000, "handshake_ms": 1000, "idle_ms": 2000},
                {"heartbeat_ms": 500}) as street:
        bus, certs = street.central.bus, street.fed.gateway(MALLORY).certs
        began = len(street.central.lines)
        for what, data in plain_attacks(rng).items():
            since = len(street.central.lines)
            with Peer(bus, tls=False) as peer:
                try:
                    peer.send(data)
                except Closed:
                    pass
                must(peer.ended(), what, "is not closed")
            street.one_line(since, ("bus_tls_refused",), what)
        for what, hello, data, events in attacks_of_a_member(rng):
            since = len(street.central.lines)
            with Peer(bus, certs) as peer:
                if hello is not None:
                    peer.up()
                if hello:
                    must(peer.hello()[0] == HELLO, what, "no hello")
                peer.send(data)
                street.passes()  # Meanwhile.
                must("turned_away" in events or peer.ended(), what, "is not closed")
            street.one_line(since, events, what)
        street.undisturbed(began)
        # The same member is answered again as soon as it behaves.
        with Peer(bus, certs) as peer:
            must(peer.up().hello()[0] == HELLO, "a member is not answered any more")


def half_open(address, data, n, rng):
    """n connections from another address that stop after a part of `data`."""
    host, port = address.rsplit(":", 1)
    held = []
    for _ in range(n):
        s = socket.socket()
        s.bind((FROM_ELSEWHERE, 0))
        s.settimeout(10)
        try:
            s.connect((host, int(port)))
            s.sendall(data[:rng.randrange(len(data) + 1)])
            held.append(s)
        except OSError:  # Beyond the limit for one address.
            s.close()
    return held


def connections_that_lead_nowhere_stop_nobody(directory, rng, rounds):
    """ClientHello and reset, 300 times; then more half-open connections than allowed."""
    del rounds
    with Street(directory, {"handshake_ms": 2000}) as street:
        hello, since = client_hello(), len(street.central.lines)
        for n in range(300):
            peer = Peer(street.central.bus, tls=False)
            peer.send(hello)
            peer.reset()
            if n % 100 == 50:
                street.passes()
        street.passes()
        vendor = street.fed.gateway(VENDOR)
        held = half_open(street.central.bus, hello, 200, rng)
        must(held, "no half-open connection at all")
        took = street.passes()
        street.undisturbed(since)
        vendor.stop()
        vendor.start()  # From another address than the attacker's: it gets in at once.
        took = max(took, street.passes())
        say("with 200 half-open connections a promise takes %.2f s" % took)
        for s in held:
            s.settimeout(10)
            try:
                while s.recv(4096):
                    pass
            except ConnectionError:
                pass
            except socket.timeout as why:
                raise Fault("a half-open connection is kept") from why
            s.close()
        both = {"bus_handshake_timeout", "bus_too_many"}
        until("lines of both limits",
              lambda: both <= {x.event for x in street.warned(since)})
        street.passes()


if __name__ == "__main__":
    main({
        "who-is-not-let-in-gets-nowhere-and-one-log-line":
            who_is_not_let_in_gets_nowhere_and_one_log_line,
        "a-gateway-posing-as-central-is-not-believed":
            a_gateway_posing_as_central_is_not_believed,
        "bad-bytes-cost-their-sender-only": bad_bytes_cost_their_sender_only,
        "connections-that-lead-nowhere-stop-nobody":
            connections_that_lead_nowhere_stop_nobody,
    })

"""Clients that go on whatever happens, and a journal of what they were promised.

Every call has an idempotency key of its own and is sent again, with that key,
until it is answered. An answer counts as acknowledged when it has come; the
journal is fsynced then, as a careful client's own database would be. At the end
`check` holds the stores against the journal: every acknowledged call is in the
ledger exactly once, no call twice, and each participant has it.
"""

import http.client
import json
import os
import secrets
import threading
import time
import urllib.parse

from kit import (
    CARRIER, COMMITMENT_STEP, ORDER_PLACED, PROMISE_MADE, SELLER, VENDOR, Entry, Fault, Store,
    check_ledger, must, pause, say,
)

PROMISES_OF_AN_ORDER = 48  # Below the limit of a subject (64).
DUE = "2099-01-01T00:00:00Z"
ACCEPT = 1  # troth_commitment_action


class Stopped(Exception):
    """The load ends; this call was not answered."""


class Journal:
    """What was acknowledged, on disk before it counts."""

    def __init__(self, path):
        self._file = open(path, "ab")
        self._lock = threading.Lock()
        self._came = threading.Condition()
        self.made = {}     # tag of a promise -> who must hold it
        self.placed = {}   # customer reference of an order -> the same
        self.accepted = set()  # ids of commitments, 16 bytes
        self.tried = set()  # every tag and reference that was ever sent

    def note(self, kind, name, value):
        line = json.dumps([kind, name, sorted(value) if value else None]) + "\n"
        with self._lock:
            self._file.write(line.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            if kind == "accepted":
                self.accepted.add(name)
            else:
                getattr(self, kind)[name] = value
        with self._came:
            self._came.notify_all()

    def count(self):
        return len(self.made) + len(self.placed) + len(self.accepted)

    def wait_more(self, n, timeout=30):
        """Until n more calls have been acknowledged."""
        goal = self.count() + n
        with self._came:
            if not self._came.wait_for(lambda: self.count() >= goal, timeout):
                raise Fault("only %d of %d acknowledged in %g s" % (
                    self.count(), goal, timeout))


class Client:
    """One connection to one node, made anew as often as it takes."""

    def __init__(self, node, stop, token):
        self.node = node
        self.stop = stop
        self.token = token
        self.url = urllib.parse.urlsplit(node.api[0]).geturl()
        self.connection = None
        self.deadline = None  # Set when the load stops: answers may still come till then.
        self.refusals = {}

    def once(self, method, path, body, key, timeout=5):
        """(status, body), or None if there was no answer."""
        if self.connection is None:
            self.connection = self.node.connect(timeout=timeout, url=self.url)
        headers = {"Authorization": "Bearer " + self.token}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        if key is not None:
            headers["Idempotency-Key"] = key
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return None

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def call(self, method, path, body=None, key=None, wanted=(200, 201)):
        """Until it is answered as wanted; anything lasting and else is an error."""
        while True:
            answer = self.once(method, path, body, key)
            if answer is not None:
                status, got = answer
                if status in wanted:
                    return got
                if status not in (429, 503, 504, 507):
                    raise Fault("%s %s %s: %d %s" % (
                        self.node.name, method, path, status, got))
                self.refusals[status] = self.refusals.get(status, 0) + 1
            if self.stop.is_set():
                if self.deadline is None:
                    self.deadline = time.monotonic() + 20
                if time.monotonic() > self.deadline:
                    raise Stopped()
            pause(0.02)


def promise(tag, debtor):
    return {
        "kind": "gift", "sku": tag, "quantity": 1, "words": "You get " + tag,
        "language": "en", "due": DUE, "reason": "late_delivery", "channel": "phone",
        "commitments": [{"debtor": debtor, "action": "deliver", "due": DUE}],
    }


def order(reference):
    return {
        "customer": reference, "seller": "shop", "carrier": "fastship",
        "currency": "EUR", "deliver_by": DUE,
        "lines": [{"sku": "TV-55", "quantity": 1, "unit_price": 49900}],
        "personal": {"order_number": "N-" + reference, "customer_name": "Ann Other"},
    }


class Load:
    """Workers at every node; `with` it they run, and stop at the end."""

    def __init__(self, fed, directory, rng, workers=2, pace=0):
        self.fed = fed
        self.journal = Journal(directory / "journal")
        self.stop = threading.Event()
        self.rng = rng
        self.pace = pace  # Seconds at most between two calls of one worker.
        self.failures = []
        self._threads = []
        self._numbers = 0
        self._lock = threading.Lock()
        self.tokens = {}
        self.clients = []
        for node in fed.nodes():
            made = node.must_post("/v1/tokens", {
                "name": "load", "scopes": "integration agent dispatcher read"})
            self.tokens[node.name] = made["token"]
        for n in range(workers):
            self._worker(self._sells, n)
            self._worker(self._cares, n)
        self._worker(self._accepts, 0)
        self._worker(self._heads, 0)

    def _worker(self, work, n):
        name = "%s-%d" % (work.__name__.strip("_"), n)

        def body():
            try:
                work(name)
            except Stopped:
                pass
            except Exception as why:  # Any end but Stopped is a finding.
                self.failures.append("%s: %s: %s" % (name, type(why).__name__, why))
                self.stop.set()

        self._threads.append(threading.Thread(target=body, name=name, daemon=True))

    def client(self, name):
        node = self.fed.central if name == "central" else self.fed.gateway(name)
        made = Client(node, self.stop, self.tokens[node.name])
        self.clients.append(made)
        return made

    def tag(self, name):
        with self._lock:
            self._numbers += 1
            tag = "%s-%06d" % (name, self._numbers)
            self.journal.tried.add(tag)
            return tag

    # ---- What they do ----

    def _place(self, seller, name):
        """An order by the seller: (id, reference)."""
        reference = self.tag(name)
        got = seller.call("POST", "/v1/orders", order(reference), secrets.token_hex(16))
        self.journal.note("placed", reference, {SELLER, CARRIER})
        return got["id"]

    def _shows(self, client, which):
        """Waits until the node has the order; False when the load ends."""
        while client.call("GET", "/v1/orders/" + which, wanted=(200, 404)).get("id") != which:
            if self.stop.wait(0.02):
                return False
        return True

    def _make(self, client, path, name, debtor, holders):
        """One promise; now and then the client asks again as if it had heard nothing."""
        if self.pace:
            self.stop.wait(self.rng.uniform(0, self.pace))
        tag, key = self.tag(name), secrets.token_hex(16)
        body = promise(tag, debtor)
        got = client.call("POST", path, body, key)
        self.journal.note("made", tag, holders)
        if self._chance(0.1):
            again = client.call("POST", path, body, key)
            must(again == got, "same key, other answer:", got, again)

    def _make_many(self, client, path, name, debtor, holders, n):
        """The same as one batch."""
        requests = []
        for _ in range(n):
            requests.append({
                "method": "POST", "path": path, "idempotency_key": secrets.token_hex(16),
                "body": promise(self.tag(name), debtor)})
        while requests:
            got = client.call("POST", "/v1/batch", {"requests": requests})
            left = []
            for request, answer in zip(requests, got["responses"]):
                if answer["status"] == 201:
                    self.journal.note("made", request["body"]["sku"], holders)
                elif answer["status"] in (503, 507):
                    left.append(request)
                else:
                    raise Fault("batch at %s: %s" % (client.node.name, answer))
            requests = left

    def _chance(self, p):
        with self._lock:
            return self.rng.random() < p

    def _sells(self, name):
        seller = self.client(SELLER)
        while not self.stop.is_set():
            path = "/v1/orders/%s/promises" % self._place(seller, name)
            for _ in range(12):
                if self.stop.is_set():
                    return
                self._make(seller, path, name, "fastship", {SELLER, CARRIER})

    def _cares(self, name):
        """A vendor's agent: a case, an order that it is about, promises on both."""
        vendor, seller = self.client(VENDOR), self.client(SELLER)
        central = self.client("central")
        while not self.stop.is_set():
            which = self._place(seller, name)
            if not self._shows(central, which):  # Else a link to it would be refused.
                return
            customer = central.call("GET", "/v1/orders/" + which)["customer"]
            opened = vendor.call("POST", "/v1/cases", {
                "customer": customer, "reason": "late_delivery",
            }, secrets.token_hex(16))
            vendor.call("POST", "/v1/orders/%s/cases" % which, {"case": opened["id"]},
                        secrets.token_hex(16))
            if not self._shows(vendor, which):
                return
            path, own = "/v1/orders/%s/promises" % which, "/v1/cases/%s/promises" % opened["id"]
            for n in range(PROMISES_OF_AN_ORDER // 6):
                if self.stop.is_set():
                    return
                self._make(vendor, path, name, "fastship", {VENDOR, SELLER, CARRIER})
                if n % 4 == 1:
                    self._make_many(vendor, path, name, "fastship",
                                    {VENDOR, SELLER, CARRIER}, 8)
                if n % 4 == 2:
                    self._make(vendor, own, name, "acme", {VENDOR})

    def _heads(self, name):
        """HQ's own people, at central's own API."""
        central, seller = self.client("central"), self.client(SELLER)
        while not self.stop.is_set():
            which = self._place(seller, name)
            if not self._shows(central, which):
                return
            for _ in range(12):
                if self.stop.is_set():
                    return
                self._make(central, "/v1/orders/%s/promises" % which, name, "fastship",
                           {SELLER, CARRIER})
                self.stop.wait(0.05)

    def _accepts(self, name):
        """The carrier's dispatcher says "got it" to what is asked of it."""
        del name
        carrier = self.client(CARRIER)
        first = path = "/v1/commitments?state=requested&limit=20&party=fastship"
        while not self.stop.wait(0.05):
            got = carrier.call("GET", path)
            path = got.get("next") or first  # A page may be short, and not the last.
            for item in got["items"]:
                if self.stop.is_set():
                    return
                ident = item.get("commitment", item)["id"]
                answer = carrier.call("POST", "/v1/commitments/%s/accept" % ident, {},
                                      secrets.token_hex(16), wanted=(200, 201, 409))
                if "status" not in answer:
                    self.journal.note("accepted", ident, None)

    # ---- Running, and judging ----

    def __enter__(self):
        for t in self._threads:
            t.start()
        return self

    def __exit__(self, kind, *rest):
        if kind is not None:
            self.stop.set()

    def finish(self):
        """No new calls; those under way are still answered."""
        self.stop.set()
        for t in self._threads:
            t.join(60)
            must(not t.is_alive(), t.name, "does not end")
        self.look()

    def look(self):
        must(not self.failures, "clients:", "; ".join(self.failures))

    def check(self):
        """All nodes have stopped: holds their stores against the journal."""
        j = self.journal
        central = Store(self.fed.central)
        entries = check_ledger(central)
        counts = {}
        for e in entries:
            if e.type == PROMISE_MADE:
                name = e.get(4).decode()
            elif e.type == ORDER_PLACED:
                name = e.get(1).decode()
            elif e.type == COMMITMENT_STEP and e.get(2) == ACCEPT and e.outcome != 3:
                name = commitment_text(e.get(1))
            else:
                continue
            counts[name] = counts.get(name, 0) + 1
        twice = [n for n, c in counts.items() if c > 1]
        must(not twice, "twice in the ledger:", twice[:5])
        for kind, names in (("promise", j.made), ("order", j.placed), ("step", j.accepted)):
            lost = [n for n in names if n not in counts]
            must(not lost, len(lost), kind, "acknowledged and lost:", lost[:5])
        strange = [n for n in counts if n not in j.tried and not n.startswith("com_")]
        must(not strange, "nobody asked for:", strange[:5])
        for site in self.fed.gateways:
            self._check_gateway(central, Store(self.fed.gateway(site)), site)
        say("%d promises, %d orders, %d steps acknowledged; %d entries; answers of 5xx: %s" % (
            len(j.made), len(j.placed), len(j.accepted), len(entries),
            {c.node.name: c.refusals for c in self.clients if c.refusals}))

    def _check_gateway(self, central, own, site):
        must(own.counts.get("outbox", 0) == 0, site, "outbox:", own.counts.get("outbox"))
        for index, raw in own.entries.items():
            must(central.entries.get(index) == raw, site, "entry", index + 1, "differs")
        for ident, digest in own.digests.items():
            must(central.digests.get(ident) == digest, site, "digest of", ident.hex())
        held = {}
        for raw in own.entries.values():
            e = Entry(raw)
            if e.type in (PROMISE_MADE, ORDER_PLACED):
                name = e.get(4 if e.type == PROMISE_MADE else 1).decode()
                held[name] = held.get(name, 0) + 1
        for kind in ("made", "placed"):
            for name, who in getattr(self.journal, kind).items():
                if site in who:
                    must(held.get(name) == 1, site, "holds", name, held.get(name, 0), "times")


_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def commitment_text(raw):
    """An id's 16 bytes as the API writes them: 26 digits of base 32."""
    value, out = int.from_bytes(raw, "big"), ""
    for _ in range(26):
        out = _DIGITS[value & 31] + out
        value >>= 5
    return "com_" + out


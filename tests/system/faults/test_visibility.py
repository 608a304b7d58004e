#!/usr/bin/env python3
"""Who sees what: on the wire and on the disk, by bytes."""

from kit import (
    CARRIER, SELLER, dump, encode, federation, fields, main, must, say, settle,
    start, tables,
)
from load import DUE
from peer import FOLLOW, FRESH, HELLO, Peer

ALICE, BOB = "acme/s1", "bravo/b1"
SKU, WORDS, NUMBER = "HDMI-SECRET-7", "a free cable with your parcel", "NR-77-ALICE"
CUSTOMER, CASE_REASON = "cust-of-alice-42", "reason-of-alice-43"


def raw(ident):
    """The 16 bytes of an id in its text form."""
    value = 0
    for c in ident.split("_", 1)[1]:
        value = value << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(c)
    return value.to_bytes(16, "big")


def received(fed, site):
    """All bytes that central gives a gateway of that name, asked from the beginning."""
    told, after, marks = [], 0, 0
    with Peer(fed.central.bus, fed.gateway(site).certs) as peer:
        kind, answer = peer.up().hello()
        must(kind == HELLO, "hello was answered with", kind)
        told.append(answer)
        length = dict(fields(answer)).get(4, 0)
        while True:
            kind, answer = peer.ask(FOLLOW, encode(
                (1, after), (2, 1 << 20), (3, 100), (4, marks)))
            must(kind == FOLLOW, "follow was answered with", kind)
            told.append(answer)
            got = fields(answer)
            items = [v for n, v in got if n == 2]
            after += len(items)
            marks = max(marks, dict(got).get(8, 0))
            if not items and not any(n == 7 for n, _ in got):
                break
        told.append(peer.ask(FRESH, b"")[1])
    must(after == length, site, "was told of", length, "entries and given", after)
    return told


def stored(fed, site):
    """All bytes of all tables of a gateway."""
    store = fed.gateway(site).data / "store"
    return [k + b"\0" + v for table in tables(store) for k, v in dump(store, table)]


def found(needles, haystack):
    return {name for name, n in needles.items() if any(n in hay for hay in haystack)}


def place(fed):
    """Alice's story: an order with a case of hers, and promises on both."""
    seller, alice = fed.gateway(SELLER), fed.gateway(ALICE)
    placed = seller.must_post("/v1/orders", {
        "customer": CUSTOMER, "seller": "shop", "carrier": "fastship", "currency": "EUR",
        "deliver_by": DUE, "lines": [{"sku": "TV-55", "quantity": 1, "unit_price": 49900}],
        "personal": {"order_number": NUMBER, "customer_name": "Ann Other"},
    })["id"]
    case = alice.must_post("/v1/cases", {"customer": CUSTOMER, "reason": CASE_REASON})["id"]
    alice.must_post("/v1/orders/%s/cases" % placed, {"case": case})
    alice.wait_get("/v1/orders/" + placed, lambda a: a.status == 200)
    made = alice.must_post("/v1/orders/%s/promises" % placed, {
        "kind": "gift", "sku": SKU, "quantity": 1, "words": WORDS, "language": "en",
        "due": DUE, "reason": "late_delivery", "channel": "phone",
        "commitments": [{"debtor": "fastship", "action": "deliver", "due": DUE}],
    })["id"]
    fed.gateway(CARRIER).wait_get("/v1/promises/" + made, lambda a: a.status == 200)
    return {
        "order": raw(placed), "case": raw(case), "promise": raw(made)[:15],
        "sku": SKU.encode(), "words": WORDS.encode(), "order number": NUMBER.encode(),
        "customer": CUSTOMER.encode(), "reason": CASE_REASON.encode(),
    }


def a_vendor_never_receives_what_is_another_vendors(directory, rng, rounds):
    del rng, rounds
    fed = federation(directory, sites=(ALICE, BOB, SELLER, CARRIER))
    with fed:
        start(fed)
        needles = place(fed)
        bob = fed.gateway(BOB)
        own = bob.must_post("/v1/cases", {"customer": "cust-of-bob", "reason": "late_delivery"})
        settle(fed)
        # Asking by name does not help either.
        for path in ("/v1/orders", "/v1/cases", "/v1/promises", "/v1/commitments"):
            must(CUSTOMER not in str(bob.must_get(path)), path, "shows it")
            must(bob.get(path + "?fresh=true").status == 200, path, "fresh")
        for site in (ALICE, BOB):
            fed.gateway(site).stop()

        told = {site: received(fed, site) for site in (ALICE, BOB)}
        kept = {site: stored(fed, site) for site in (ALICE, BOB)}
        for where, what in (("wire", told), ("disk", kept)):
            seen = found(needles, what[ALICE])
            must(seen == set(needles), "control:", ALICE, where, "lacks", set(needles) - seen)
            seen = found(needles, what[BOB])
            must(not seen, BOB, where, "has", seen)
            must(any(raw(own["id"]) in hay for hay in what[BOB]), BOB, where, "lacks its own")
        # And the carrier has the promise, but not the conversation.
        fed.gateway(CARRIER).stop()
        seen = found(needles, received(fed, CARRIER))
        must({"order", "promise", "sku", "words"} <= seen, "the carrier lacks", seen)
        must("reason" not in seen, "the carrier has the case")
        say("%d bytes to %s, %d to %s" % (
            sum(map(len, told[ALICE])), ALICE, sum(map(len, told[BOB])), BOB))


if __name__ == "__main__":
    main({
        "a-vendor-never-receives-what-is-another-vendors":
            a_vendor_never_receives_what_is_another_vendors,
    })

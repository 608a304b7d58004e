#!/usr/bin/env python3
"""Links that are cut, lose one direction, stall and heal; processes that stand still."""

import secrets
import signal
import time

from kit import (
    CARRIER, QUICK_CENTRAL, QUICK_GATEWAY, SELLER, VENDOR, federation, main, must,
    say, settle, start, until,
)
from load import Load, order, promise
from nets import Nets
from relay import Relay
from troth_nodes import program

NOTICE_S = 12  # The time-outs are 1.5 to 2.5 s; a busy machine is slower.


class Story:
    """A federation under load, and what must hold while one of its links does not."""

    def __init__(self, fed, load):
        self.fed = fed
        self.load = load
        self.order = {}
        self.sent = []

    def orders(self):
        """One order at each gateway, to promise on while its link is down."""
        for site in (SELLER, VENDOR):
            seller = self.fed.gateway(SELLER)
            customer = "own-" + site.replace("/", "-")
            placed = seller.must_post("/v1/orders", order(customer))["id"]
            self.fed.central.wait_get("/v1/orders/" + placed, lambda a: a.status == 200)
            if site == VENDOR:
                vendor = self.fed.gateway(VENDOR)
                case = vendor.must_post("/v1/cases", {
                    "customer": customer, "reason": "late_delivery"})["id"]
                vendor.must_post("/v1/orders/%s/cases" % placed, {"case": case})
            self.fed.gateway(site).wait_get("/v1/orders/" + placed, lambda a: a.status == 200)
            self.order[site] = placed
        for name in ("own-shop-s1", "own-acme-s1"):
            self.load.journal.tried.add(name)

    def promise(self, site):
        """Answered now, whatever the link; to be found everywhere in the end."""
        tag = "CUT-" + secrets.token_hex(6)
        began = time.monotonic()
        self.load.journal.tried.add(tag)
        made = self.fed.gateway(site).must_post(
            "/v1/orders/%s/promises" % self.order[site], promise(tag, "fastship"))
        must(time.monotonic() - began < 5, "a promise took long while the link was down")
        self.load.journal.note("made", tag, {site, CARRIER, SELLER})
        self.sent.append(made["id"])
        return made["id"]

    def goes_on_alone(self, site):
        """What a gateway that cannot reach central still does, and what it does not."""
        node = self.fed.gateway(site)
        path = "/v1/orders/" + self.order[site]
        # Before it has noticed, too: never an old answer that is called fresh.
        answer = node.get(path + "?fresh=true")
        must(answer.status == 504, site, "fresh without a link:", answer.status, answer.body)
        made = self.promise(site)
        answer = node.get("/v1/promises/" + made)
        must(answer.status == 200 and answer.body["promise"]["sequenced"] is False,
             site, "its own promise:", answer.status, answer.body)
        until(site + " notices", lambda: not node.must_get("/v1/status")["link"]["up"],
              NOTICE_S)
        must(node.get(path + "?fresh=true").status == 504, "fresh without a link")
        must(node.get(path).status == 200, site, "does not read on")
        self.promise(site)
        backlog = node.must_get("/v1/status")["link"]["backlog"]
        must(backlog >= 2, site, "backlog", backlog)

    def heals(self):
        """By itself: every promise gets to the carrier, and everybody is up."""
        carrier = self.fed.gateway(CARRIER)
        for made in self.sent:
            until("%s is at the carrier" % made, lambda made=made: carrier.get(
                "/v1/promises/" + made).status == 200)
        self.sent = []
        for site in (SELLER, VENDOR, CARRIER):
            g = self.fed.gateway(site)
            until(site + " is up", lambda g=g: g.must_get("/v1/status")["link"]["up"])

    def ends(self):
        self.load.finish()
        settle(self.fed)
        codes = self.fed.stop()
        must(set(codes.values()) == {0}, "exit codes", codes)
        self.load.check()


def quick(directory, **options):
    return federation(directory, gateways=dict(QUICK_GATEWAY), central=dict(
        QUICK_CENTRAL, **options.pop("central", {})), **options)


def what_is_promised_while_cut_off_arrives_by_itself_once(directory, rng, rounds):
    """Interfaces down, then packets that vanish in one direction only."""
    with Nets(directory, program()) as nets:
        fed = quick(directory, troth=str(nets.program),
                    central={"listen": nets.address(1) + ":0"})
        for number, node in enumerate(fed.nodes(), 1):
            nets.place(node, number)
        with fed:
            start(fed)
            with Load(fed, directory, rng, workers=1) as load:
                story = Story(fed, load)
                story.orders()
                for _ in range(rounds or 1):
                    pull_each(fed, nets, story)
                story.ends()


def pull_each(fed, nets, story):
    vendor, central = fed.gateway(VENDOR), fed.central
    faults = (
        ("the vendor's cable", vendor, lambda: nets.cut(vendor), (VENDOR,)),
        ("central's cable", central, lambda: nets.cut(central), (SELLER, VENDOR)),
        ("what the vendor sends", vendor, lambda: nets.drop(vendor, "up"), (VENDOR,)),
        ("what the vendor gets", vendor, lambda: nets.drop(vendor, "down"), (VENDOR,)),
        ("what central sends", central, lambda: nets.drop(central, "up"), (SELLER, VENDOR)),
    )
    for what, node, fault, alone in faults:
        began = time.monotonic()
        fault()
        for site in alone:
            story.goes_on_alone(site)
        nets.heal(node)
        story.heals()
        story.load.look()
        say("%-22s down and up again in %.1f s" % (what, time.monotonic() - began))


def who_stood_still_goes_on_where_it_was(directory, rng, rounds):
    """SIGSTOP for longer than every time-out, then SIGCONT."""
    fed = quick(directory)
    with fed:
        start(fed)
        with Load(fed, directory, rng, workers=1) as load:
            story = Story(fed, load)
            story.orders()
            for _ in range(rounds or 2):
                fed.central.signal(signal.SIGSTOP)
                try:
                    for site in (SELLER, VENDOR):
                        story.goes_on_alone(site)
                finally:
                    fed.central.signal(signal.SIGCONT)
                story.heals()
                for site in (VENDOR, CARRIER):
                    node, since = fed.gateway(site), len(fed.central.lines)
                    node.signal(signal.SIGSTOP)
                    try:
                        fed.central.wait_log(
                            ("bus_idle", "bus_slow_peer", "bus_half_message"), NOTICE_S,
                            since, peer=node.origin)
                        story.promise(SELLER)  # The others go on.
                    finally:
                        node.signal(signal.SIGCONT)
                    story.heals()
                load.look()
            story.ends()


def through_relays(fed):
    """Central runs; each gateway dials it through a relay of its own."""
    fed.central.start()
    relays = {}
    for site, node in fed.gateways.items():
        relays[site] = Relay(fed.central.bus)
        node.config["central"] = relays[site].address
    return relays


def a_link_cut_at_any_byte_loses_and_doubles_nothing(directory, rng, rounds):
    """Connections end after a random number of bytes, under load and delay."""
    fed = quick(directory)
    with fed:
        relays = through_relays(fed)
        start(fed)
        with Load(fed, directory, rng, workers=2, pace=0.1) as load:
            load.journal.wait_more(20)
            for relay in relays.values():
                # Handshakes are about 3,000 bytes: some are cut, most get through.
                relay.cut_after(lambda: rng.choice((rng.randrange(1, 4000),
                                                    rng.randrange(3000, 60000))))
                relay.cut()
            goal = 40 * (rounds or 1)
            until(lambda: "cut: %s" % {s: r.cuts for s, r in relays.items()},
                  lambda: all(r.cuts >= goal for r in relays.values()) or load.failures,
                  60 * (rounds or 1))
            load.look()
            for relay in relays.values():
                relay.cut_after(lambda: None)
                relay.delay(0.03)
                relay.cut()
            load.journal.wait_more(20)
            load.finish()
            settle(fed)
            must(set(fed.stop().values()) == {0}, "exit codes")
            load.check()
            say("cut %s times" % {s: r.cuts for s, r in relays.items()})
        for relay in relays.values():
            relay.close()


def a_backlog_gets_through_a_link_that_never_lasts(directory, rng, rounds):
    """
    A seller's and a carrier's link breaks every 40 to 60 kB, each with more than that
    waiting: what is sent in one message becomes small enough to get there.
    """
    fed = quick(directory)
    many = 1000 * (rounds or 1)
    with fed:
        relays = through_relays(fed)
        start(fed)
        seller, carrier = fed.gateway(SELLER), fed.gateway(CARRIER)
        for relay in relays.values():
            relay.refuse(True)
            relay.cut()
        token = seller.must_post("/v1/tokens", {
            "name": "load", "scopes": "integration"})["token"]
        for n in range(0, many, 200):
            got = seller.must_post("/v1/batch", {"requests": [
                {"method": "POST", "path": "/v1/orders", "body": order("way-%d" % (n + i)),
                 "idempotency_key": "way-%d" % (n + i)} for i in range(200)]}, token=token)
            must({r["status"] for r in got["responses"]} == {201}, "a batch was not taken")
        last = got["responses"][-1]["body"]["id"]
        relays[SELLER].cut_after(lambda: rng.randrange(40000, 60000))
        relays[SELLER].refuse(False)
        until(lambda: "the seller's orders are at central: %d cuts" % relays[SELLER].cuts,
              lambda: fed.central.get("/v1/orders/" + last).status == 200, 60)
        relays[CARRIER].cut_after(lambda: rng.randrange(40000, 60000))
        relays[CARRIER].refuse(False)
        until(lambda: "and at the carrier's: %d cuts" % relays[CARRIER].cuts,
              lambda: carrier.get("/v1/orders/" + last).status == 200, 60)
        say("cut %s times" % {s: r.cuts for s, r in relays.items()})
        for relay in relays.values():
            relay.close()


def a_link_that_stalls_one_way_heals(directory, rng, rounds):
    """The bytes of one direction stop coming, the other's go on; nobody hangs up."""
    fed = quick(directory)
    with fed:
        relays = through_relays(fed)
        start(fed)
        with Load(fed, directory, rng, workers=1) as load:
            story = Story(fed, load)
            story.orders()
            for _ in range(rounds or 1):
                for way in ("up", "down"):
                    relays[VENDOR].stall(way, True)
                    story.goes_on_alone(VENDOR)
                    relays[VENDOR].stall(way, False)
                    story.heals()
                    load.look()
                relays[VENDOR].cut()
                relays[VENDOR].refuse(True)
                story.goes_on_alone(VENDOR)
                relays[VENDOR].refuse(False)
                story.heals()
            story.ends()
        for relay in relays.values():
            relay.close()


if __name__ == "__main__":
    main({
        "what-is-promised-while-cut-off-arrives-by-itself-once":
            what_is_promised_while_cut_off_arrives_by_itself_once,
        "who-stood-still-goes-on-where-it-was": who_stood_still_goes_on_where_it_was,
        "a-link-cut-at-any-byte-loses-and-doubles-nothing":
            a_link_cut_at_any_byte_loses_and_doubles_nothing,
        "a-backlog-gets-through-a-link-that-never-lasts":
            a_backlog_gets_through_a_link_that_never_lasts,
        "a-link-that-stalls-one-way-heals": a_link_that_stalls_one_way_heals,
    })

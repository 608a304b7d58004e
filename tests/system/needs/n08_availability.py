#!/usr/bin/env python3
"""A "24-hour service" is twelve people for a million orders.

Sites say how many agents are on duty, how many customers wait and for how long. Nobody
on duty is "closed", and then there is no wait; what is out of date is "unknown".
"""

import os
import subprocess

from needs_kit import CARRIER, HQ, Needs, SELLER, VENDOR, VENDOR_2, main, must
from troth_nodes import program

BUSY = {"agents": 12, "queue": 340, "wait_s": 1500}
START = "2031-01-01T08:00:00Z"


def shown(who, site):
    party, name = site.split("/")
    items = who.must_get("/v1/availability?party=" + party)["items"]
    found = [i for i in items if i["site"] == name]
    must(len(found) == 1, site, items)
    return found[0]


def figures(item):
    return {k: item[k] for k in ("agents", "queue", "wait_s") if k in item}


def everywhere(fed, site, wanted):
    """Every node comes to show it, whoever's it is."""
    for where in ("central", HQ, VENDOR, VENDOR_2, SELLER, CARRIER):
        who = fed.person(where, "reader", "read")
        party = site.split("/")[0]
        who.wait_get("/v1/availability?party=" + party,
                     lambda a, who=who: wanted(shown(who, site)))


def entries(fed):
    return fed.central.must_get("/v1/status")["stream_len"]


def zero_agents_is_closed_at_every_node_and_never_a_wait(directory):
    with Needs(directory, clock=START) as fed:
        ann = fed.person(VENDOR, "ann", "dispatcher")
        must(shown(ann, VENDOR) == {"party": "acme", "site": "manila", "state": "unknown"},
             "what nobody has said is known:", shown(ann, VENDOR))
        ann.must_post("/v1/availability", BUSY)
        everywhere(fed, VENDOR, lambda i: i["state"] == "open" and figures(i) == BUSY)

        ann.must_post("/v1/availability", {"agents": 0, "queue": 7})
        everywhere(fed, VENDOR, lambda i: i["state"] == "closed")
        for where in ("central", HQ, VENDOR, SELLER):
            item = shown(fed.person(where, "reader", "read"), VENDOR)
            must(figures(item) == {"agents": 0, "queue": 7}, "closed, but", item)
        # The other sites have not become anything by that.
        must(shown(ann, VENDOR_2)["state"] == "unknown", shown(ann, VENDOR_2))


def what_is_out_of_date_is_unknown(directory):
    with Needs(directory, clock=START) as fed:
        ann = fed.person(VENDOR, "ann", "agent")
        ann.must_post("/v1/availability", {**BUSY, "until": "2031-01-01T08:30:00Z"})
        everywhere(fed, VENDOR, lambda i: i["state"] == "open")
        fed.settle()
        fed.set_clock("2031-01-01T08:29:59Z")
        must(shown(ann, VENDOR)["state"] == "open", shown(ann, VENDOR))
        fed.set_clock("2031-01-01T08:30:00Z")
        for where in ("central", VENDOR, SELLER):
            item = shown(fed.person(where, "reader", "read"), VENDOR)
            must(item["state"] == "unknown" and not figures(item), where, item)
            must(item["until"] == "2031-01-01T08:30:00.000Z", item)


def cut_off_a_site_shows_its_own_and_the_others_what_it_said_last(directory):
    with Needs(directory) as fed:
        ann = fed.person(VENDOR, "ann", "manager")
        ann.must_post("/v1/availability", BUSY)
        everywhere(fed, VENDOR, lambda i: figures(i) == BUSY)
        fed.cut(VENDOR)
        said = ann.must_post("/v1/availability", {"agents": 0})
        must(said["position"] is None and not said["sequenced"], said)
        must(shown(ann, VENDOR)["state"] == "closed", shown(ann, VENDOR))
        must(shown(fed.person(SELLER, "sam", "read"), VENDOR)["state"] == "open")
        fed.heal(VENDOR)
        everywhere(fed, VENDOR, lambda i: i["state"] == "closed")


def what_stays_as_it_is_does_not_fill_the_ledger(directory):
    with Needs(directory, clock=START) as fed:
        pbx = fed.person(VENDOR, "pbx", "integration")
        first = pbx.must_post("/v1/availability", BUSY)
        everywhere(fed, VENDOR, lambda i: i["state"] == "open")
        fed.settle()
        size = entries(fed)
        for _ in range(5):
            again = pbx.must_post("/v1/availability", BUSY)
            must(again["unchanged"] and again["event"] == first["event"], again)
            must(again["position"] == size, "it is sequenced at", size, again)
        # Another length of the queue has to wait, unless the site opens or closes.
        refused = pbx.post("/v1/availability", {**BUSY, "queue": 341})
        must(refused.status == 429 and refused.headers["Retry-After"] == "10", refused)
        fed.settle()
        must(entries(fed) == size, "entries:", entries(fed), "not", size)
        pbx.must_post("/v1/availability", {"agents": 0})
        pbx.must_post("/v1/availability", BUSY)
        fed.settle()
        must(entries(fed) == size + 2, "entries:", entries(fed), "not", size + 2)
        fed.set_clock("2031-01-01T08:00:10Z")
        pbx.must_post("/v1/availability", {**BUSY, "queue": 341})
        fed.settle()
        # When half of the 15 minutes is over, the same is said again.
        for time, more in (("08:07:00", 0), ("08:08:00", 1)):
            fed.set_clock("2031-01-01T%sZ" % time)
            answer = pbx.must_post("/v1/availability", {**BUSY, "queue": 341})
            must(answer.get("unchanged", False) == (more == 0), time, answer)
            fed.settle()
            must(entries(fed) == size + 3 + more, time, entries(fed), size)


def nonsense_costs_its_sender_an_answer_that_names_it(directory):
    with Needs(directory, sites=(HQ, VENDOR, VENDOR_2), clock=START) as fed:
        ann = fed.person(VENDOR, "ann", "agent")
        wrong = [
            ({}, "agents"),
            ({"agents": 3, "queue": 1}, "wait_s"),
            ({"agents": 3, "wait_s": 1}, "queue"),
            ({"agents": 0, "wait_s": 60}, "wait_s"),
            ({**BUSY, "agents": 100001}, "agents"),
            ({**BUSY, "agents": -1}, "agents"),
            ({**BUSY, "queue": 1000001}, "queue"),
            ({**BUSY, "wait_s": 86401}, "wait_s"),
            ({**BUSY, "until": START}, "until"),
            ({**BUSY, "until": "2031-01-02T08:00:00.001Z"}, "until"),
        ]
        for body, field in wrong:
            answer = ann.post("/v1/availability", body)
            must(answer.status == 422 and answer.body["field"] == field, body, answer)
        must(ann.post("/v1/availability", {**BUSY, "on_behalf": "bolt"}).status == 403)
        # Central is no site; and who only reads says nothing.
        must(fed.person("central", "boss", "manager").post(
            "/v1/availability", BUSY).status == 403)
        must(fed.person(VENDOR, "rob", "read").post("/v1/availability", BUSY).status == 403)
        limits = {"agents": 100000, "queue": 1000000, "wait_s": 86400,
                  "until": "2031-01-02T08:00:00Z"}
        ann.must_post("/v1/availability", limits)
        everywhere_here = fed.person("central", "reader", "read")
        everywhere_here.wait_get("/v1/availability?party=acme",
                                 lambda a: figures(a.body["items"][0]) == {
                                     k: limits[k] for k in ("agents", "queue", "wait_s")})


def the_command_line_says_and_lists_it(directory):
    with Needs(directory, sites=(HQ, VENDOR)) as fed:
        def troth(node, *arguments):
            env = {**os.environ, "TROTH_API": node.api[0],
                   "TROTH_TOKEN_FILE": str(node.token_file)}
            done = subprocess.run([program(), "availability", *arguments], env=env,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False)
            must(done.returncode == 0, arguments, done.stdout, done.stderr)
            return done.stdout

        troth(fed.vendor, "set", "--agents", "4", "--queue", "0", "--wait-s", "0")
        fed.settle()
        lines = [line for line in troth(fed.central, "list", "--party", "acme").splitlines()
                 if "manila" in line]
        must(len(lines) == 1 and "state=open" in lines[0] and "agents=4" in lines[0], lines)


if __name__ == "__main__":
    main()

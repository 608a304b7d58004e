#!/usr/bin/env python3
"""Vendors of uneven quality, slow answers: a scorecard, and every figure of it provable.

What the API says is counted again from a dump of the ledger: mdb_dump, and the reader of
entries in recount.py, which knows nothing of troth's code.
"""

import collections
import csv
import datetime
import gzip
import json
import os
import subprocess

from needs_kit import (
    CARRIER, HQ, Needs, SELLER, VENDOR, datasets, main, must, say, wait_until)
from kit import Entry, Store, check_ledger
from recount import BOUNDS, OUTCOMES, Ledger, recount
from troth_nodes import program


def ms(text):
    """An instant of RFC 3339 in UTC, in milliseconds."""
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(at.timestamp() * 1000)


# ---- The comparison ----


class Asked:
    """What nodes answer, kept until their ledger can be dumped."""

    def __init__(self, as_of):
        self.as_of = as_of
        self.kept = []

    def ask(self, node, limit=2000, **f):
        query = "".join("&%s=%s" % (k, v) for k, v in f.items())
        path = "/v1/scorecards?limit=%d&as_of=%s%s" % (limit, self.as_of, query)
        answers = []
        while path:
            answers.append(node.must_get(path))
            path = answers[-1].get("next")
        must(all(a["bounds_ms"] == BOUNDS for a in answers), answers[0]["bounds_ms"])
        self.kept.append((node.name, f, answers))

    def compare(self, ledger):
        figures = 0
        for name, f, answers in self.kept:
            made, owed = recount(
                ledger, ms(self.as_of), f.get("party"), f.get("site"), f.get("kind"),
                ms(f["from"]) if "from" in f else 0, ms(f["to"]) if "to" in f else None)
            for what, want in (("made", made), ("owed", owed)):
                got = add_up([row for a in answers for row in a[what]])
                want = add_up(want)
                must(sorted(got) == sorted(want), name, f, what, sorted(got), sorted(want))
                for key, row in want.items():
                    must(got[key] == row, name, f, what, key, "\n got", got[key],
                         "\nwant", row)
                    figures += len(row) - 3
        return figures


def add_up(rows):
    """{names: the sum of the rows of these names}"""
    sums = {}
    for row in rows:
        key = (row["party"], row.get("site", ""), row["kind"])
        sums[key] = plus(sums[key], row) if key in sums else row
    return sums


def plus(a, b):
    if isinstance(a, dict):
        return {k: plus(a[k], b[k]) for k in a}
    if isinstance(a, list) and a and isinstance(a[0], int):
        return [x + y for x, y in zip(a, b)]
    if isinstance(a, list):
        money = collections.Counter({m["currency"]: m["amount"] for m in a})
        money.update({m["currency"]: m["amount"] for m in b})
        return [{"currency": c, "amount": n} for c, n in sorted(money.items())]
    return a + b if isinstance(a, int) else a


def ledger_of(fed, brand):
    fed.stop()
    store = Store(fed.central)
    check_ledger(store)
    return Ledger([Entry(store.entries[i]) for i in range(len(store.entries))], brand)


def troth(*arguments, **env):
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env={**os.environ, **env}, check=False)
    must(done.returncode == 0, arguments, done.stderr)
    return done.stdout


def card_of(node, *arguments):
    return troth("scorecard", *arguments, TROTH_API=node.api[0],
                 TROTH_TOKEN_FILE=str(node.token_file))


# ---- Real data ----

SLICE = 2500  # Cases; they take some seconds.


def a_part_of_the_cases(place):
    top = datasets()
    copy = place / "cases"
    copy.mkdir()
    with gzip.open(top / "boston311" / "cases.csv.gz", "rt", newline="") as f:
        rows = list(csv.DictReader(f))
    rows.sort(key=lambda r: (r["open_dt"], r["case_enquiry_id"]))
    with open(copy / "cases.csv", "w", newline="") as f:
        writer = csv.DictWriter(f, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows[:SLICE])
    return copy


def figures_of_real_cases_are_those_of_a_recount_of_the_dump(directory):
    cases = a_part_of_the_cases(directory)
    sites = ("calls/desk", "field/depot", "office/hall", "boston/hq2")
    as_of = "2026-01-01T00:00:00Z"
    with Needs(directory, sites=sites, brand="boston", roles={},
               clock="2012-12-31T00:00:00Z") as fed:
        arguments = []
        for node in fed.nodes():
            token = directory / ("token-" + node.name.replace("/", "-"))
            token.write_text(fed.person(node.name, "replay").token + "\n")
            arguments += ["--token-file", token, "--central" if node is fed.central
                          else "--gateway", node.api[0]]
        troth("replay", "boston311", cases, "--quiet", *arguments)
        asked = Asked(as_of)
        for node in (fed.central, fed.gateway("boston/hq2")):
            asked.ask(node)
        asked.ask(fed.central, party="PWDx")
        asked.ask(fed.central, party="calls", site="desk", kind="answer")
        asked.ask(fed.central, **{"from": "2013-03-01T00:00:00Z", "to": "2013-04-01T00:00:00Z"})
        # The command adds up what the node gave in slices.
        table = card_of(fed.central, "--as-of", as_of)
        must("PWDx" in table and "calls" in table, table)
        report = json.loads(card_of(fed.central, "--as-of", as_of, "--json"))
        ledger = ledger_of(fed, "boston")
        say(asked.compare(ledger), "figures are equal")
        check_command(report, recount(ledger, ms(as_of)))


def check_command(report, want):
    """By party: sums, ratios, means and percentiles."""
    for what, rows in zip(("made", "owed"), want):
        parties = collections.defaultdict(list)
        for row in rows:
            parties[row["party"]].append({**row, "site": "", "kind": ""})
        must([r["party"] for r in report[what]] == sorted(parties), report[what])
        for got in report[what]:
            total = list(add_up(parties[got["party"]]).values())[0]
            below = total["kept"] + total["breached_late"] + total["overdue_open"]
            ratio = round(total["kept"] / below, 6) if below else None
            must(got["kept_ratio_strict"] == ratio, got, ratio)
            for name in ("count", "reopened", *OUTCOMES):
                must(got[name] == total[name], got, name, total[name])
            for name in ("settled", "acknowledged"):
                if name in total:
                    check_durations(got[name], total[name])


def check_durations(got, want):
    n = want["count"]
    must(got["mean_ms"] == (want["total_ms"] // n if n else None), got)
    for percent in (50, 90):
        within = [b for b, k in zip(BOUNDS, want["within"]) if n and k * 100 >= percent * n]
        must(got["p%d_ms" % percent] == (within[0] if within else None), got, percent)


# ---- Everything that a card can say ----


def promise(kind, due, **more):
    return {"kind": kind, "words": "We will.", "language": "en", "due": due,
            "reason": "late_delivery", "channel": "phone",
            "commitments": [{"debtor": "acme", "action": "call_back"}], **more}


def figures_of_every_sort_are_those_of_a_recount_of_the_dump(directory):
    with Needs(directory, clock="2031-01-01T08:00:00Z") as fed:
        Story(fed).play()
        asked = Asked("2031-01-03T00:00:00Z")
        for node in (fed.central, fed.hq):
            asked.ask(node)
        asked.ask(fed.central, party="acme")
        asked.ask(fed.central, limit=1, party="acme", **{"from": "2031-01-01T08:00:00Z"})
        asked.ask(fed.central, party="acme", site="manila")
        asked.ask(fed.central, party="acme", site="nowhere")
        asked.ask(fed.central, kind="gift")
        asked.ask(fed.central, **{"from": "2031-01-01T08:00:00Z", "to": "2031-01-01T08:10:00Z"})
        asked.ask(fed.central, **{"from": "2031-01-01T08:10:00Z"})
        sums = add_up([r for a in asked.kept[0][2] for r in a["made"]]).values()
        for figure in ("kept", "breached_late", "withdrawn", "overdue_open", "pending",
                       "over_authority", "reopened", "repeats", "goods"):
            must(any(r[figure] for r in sums), "the story has no", figure, list(sums))
        debts = [r for a in asked.kept[0][2] for r in a["owed"]]
        for figure in ("unacknowledged", "ack_overdue", "reopened"):
            must(any(r[figure] for r in debts), "the story has no", figure, debts)
        for bad in ("kind=present", "party=a%20b", "site=manila", "from=yesterday",
                    "from=2031-01-02T00:00:00Z&to=2031-01-02T00:00:00Z"):
            answer = fed.central.get("/v1/scorecards?" + bad)
            must(answer.status == 400, bad, answer)
        must(len(asked.kept[3][2]) > 1, "one slice is no test of slices")
        say(asked.compare(ledger_of(fed, "brand")), "figures are equal")


class Story:
    """A day at a vendor, a carrier and the seller."""

    def __init__(self, fed):
        self.fed = fed
        self.ann = fed.person(VENDOR, "ann", "agent")
        self.boss = fed.person(HQ, "boss", "approver agent")
        self.sam = fed.person(SELLER, "sam", "agent")
        self.dan = fed.person(CARRIER, "dan", "dispatcher")
        self.dora = fed.person(VENDOR, "dora", "dispatcher")
        self.case = self.ann.must_post("/v1/cases", {"customer": "c-1", "reason": "late"})["id"]
        self.path = "/v1/cases/%s/promises" % self.case

    def at(self, time):
        self.fed.settle()
        self.fed.set_clock("2031-01-%sZ" % time)
        self.fed.settle()

    def promise(self, kind, due="01T20:00:00", **more):
        made = self.ann.must_post(self.path, promise(kind, "2031-01-%sZ" % due, **more))
        return "/v1/promises/" + made["id"]

    def debt(self, path, n=0):
        return "/v1/commitments/" + self.ann.must_get(path)["promise"]["commitments"][n]["id"]

    def fulfil(self, path, at):
        self.dora.must_post(self.debt(path) + "/fulfil", {
            "evidence": {"kind": "code"}, "at": "2031-01-%sZ" % at})

    def play(self):
        kept = self.promise("callback")
        self.promise("gift", sku="HDMI", quantity=2)
        self.at("01T08:05:00")
        self.promise("credit", amount=1500, currency="EUR")
        self.promise("credit", amount=700, currency="USD")
        refund = self.promise("refund", amount=900, currency="EUR")
        self.promise("gift", "02T20:00:00", sku="CARD", quantity=1, reason="other")
        self.promise("callback", "09T20:00:00")
        overdue = self.promise("callback", commitments=[
            {"debtor": "acme", "action": "call_back", "ack_within_s": 600}])
        self.ann.must_post(refund + "/release", {})
        offer = self.promise("gift", spoken=False, sku="TV", quantity=1)
        self.ann.must_post(offer + "/ask", {})
        self.at("01T08:12:00")
        self.boss.wait_get(offer, lambda a: a.status == 200)
        self.boss.must_post(offer + "/reject", {"reason": "too_much"})
        self.ann.wait_get(offer, lambda a: a.body["promise"]["state"] == "rejected")
        self.ann.must_post(offer + "/speak", {})  # All the same.
        self.dora.must_post(self.debt(kept) + "/accept", {})
        self.order()
        self.at("01T10:00:00")
        self.fulfil(kept, "01T09:30:00")
        late = self.promise("callback", "01T12:00:00")
        self.again(late)
        self.at("01T15:00:00")
        self.fulfil(late, "01T13:00:00")
        self.fed.settle()
        self.ann.wait_get(kept, lambda a: a.body["promise"]["state"] in ("kept", "active"))
        self.at("02T16:00:00")
        wait_until("kept", lambda: self.ann.must_get(kept)["promise"]["state"] == "kept")
        self.ann.must_post(kept + "/reopen", {})
        must(self.ann.must_get(overdue)["promise"]["state"] == "broken")
        self.fed.settle()

    def again(self, path):
        """Reported as done, and sent back by the brand."""
        self.fulfil(path, "01T10:00:00")
        debt = self.debt(path)
        self.boss.wait_get(debt, lambda a: a.status == 200 and a.body[
            "item"]["commitment"]["state"] == "fulfilled")
        self.boss.must_post(debt + "/reopen", {"reason": "nobody_called"})
        self.dora.wait_get(debt, lambda a: a.body["item"]["commitment"]["state"] == "reopened")

    def order(self):
        """Delivered by the carrier, but another one is called off by the firm."""
        for n in range(2):
            placed = self.sam.must_post("/v1/orders", {
                "customer": "c-%d" % n, "seller": "shop", "carrier": "fastship",
                "lines": [{"sku": "TV", "quantity": 1}]})["id"]
            path = "/v1/orders/" + placed
            made = self.sam.must_post(path + "/promises", promise(
                "delivery", "2031-01-02T12:00:00Z", reason="purchase",
                commitments=[{"debtor": "fastship", "action": "deliver"}]))
            if n == 0:
                self.dan.wait_get("/v1/promises/" + made["id"], lambda a: a.status == 200)
                debt = self.dan.must_get("/v1/promises/" + made["id"])["promise"][
                    "commitments"][0]["id"]
                self.dan.must_post("/v1/commitments/%s/fulfil" % debt,
                                   {"evidence": {"kind": "tracking"}})
            else:
                seen = self.sam.get(path)
                self.sam.must_post(path + "/cancellation", {
                    "reason": "unavailable", "initiator": "firm",
                    "tell": {"debtor": "acme", "action": "tell_customer",
                             "due": "2031-01-02T12:00:00Z"}},
                    if_match=seen.headers["ETag"])


if __name__ == "__main__":
    main()

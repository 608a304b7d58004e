#!/usr/bin/env python3
"""The command line as doc/operators.md and people use it, against real nodes."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from test_daemons import CARRIER, SELLER, InDirectory  # noqa: E402
from troth_nodes import Events, program  # noqa: E402


class CommandLine(InDirectory):
    def troth(self, node, *arguments, token=True, code=0):
        """Runs `troth ARGUMENTS` at a node; returns stdout and stderr together."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("TROTH_")}
        env["TROTH_API"] = node.api[0]
        if token:
            env["TROTH_TOKEN_FILE"] = str(node.token_file)
        done = subprocess.run(
            [program(), *arguments], env=env, stdin=subprocess.DEVNULL, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def added(self):
        """A federation whose parties and sites were added by commands alone."""
        fed = self.federation().start()
        for party, role in (("brand", "brand"), ("shop", "seller"),
                            ("fastship", "carrier")):
            self.troth(fed.central, "party", "add", "--party", party, "--role", role)
        for name in (SELLER, CARRIER):
            party, site = name.split("/")
            cert = str(fed.gateway(name).certs / "sign.pem")
            self.troth(fed.central, "site", "add", "--party", party, "--site", site,
                       "--sign-cert", cert)
        for gateway in fed.gateways.values():
            gateway.wait_get(
                "/v1/status", lambda a: a.body["link"]["up"] and a.body["brand"]
            )
        return fed

    def place(self, seller, line, code=0):
        return self.troth(seller, "order", "place", "--customer", "c-1", "--seller", "shop",
                          "--carrier", "fastship", "--currency", "EUR", "--line", line,
                          code=code)

    def id_in(self, said):
        self.assertRegex(said, r"\bord_\w{26}\b")
        return re.search(r"\bord_\w{26}\b", said).group()

    def test_a_federation_is_made_by_commands(self):
        fed = self.added()
        self.assertIn("party=fastship", self.troth(fed.central, "party", "list"))
        self.assertIn("/gw/shop/s1", self.troth(fed.central, "site", "list"))
        seller = fed.gateway(SELLER)
        made = self.troth(seller, "token", "make", "--name", "ann",
                          "--scopes", "agent,read")
        self.assertRegex(made, r"^trt_\w{40}\n$")  # `> FILE` makes a token file of it.
        self.assertRegex(self.troth(seller, "token", "list"), r"name=ann  scopes=agent,read ")
        self.assertIn("must be some of",
                      self.troth(seller, "token", "make", "--name", "bob",
                                 "--scopes", "agent,king", code=1))

    def test_a_token_is_worth_nothing_once_revoked(self):
        fed = self.federation(sites=())
        fed.central.start()
        made = self.troth(fed.central, "token", "make", "--name", "ann",
                          "--scopes", "read")
        ann = made.strip()
        self.assertEqual(fed.central.get("/v1/status", token=ann).status, 200)
        self.assertIn("name=ann", self.troth(fed.central, "token", "list"))
        self.troth(fed.central, "token", "revoke", "--name", "ann")
        self.assertEqual(fed.central.get("/v1/status", token=ann).status, 401)
        self.assertNotIn("name=ann", self.troth(fed.central, "token", "list"))

    def test_a_renewed_site_goes_on_when_hq_knows_its_key(self):
        self.provoked = {"seal"}
        fed = self.added()
        seller, certs = fed.gateway(SELLER), fed.gateway(SELLER).certs
        party, site = SELLER.split("/")
        bundle = self.dir / "bundle"
        fed.certs("enrol", certs, "gw/" + SELLER, "-D", fed.domain)
        fed.certs("renew", fed.pki / "ca", "gw/" + SELLER, certs / "request", bundle)
        fed.certs("install", certs, bundle)
        since = len(fed.central.lines)
        seller.stop()
        seller.start()
        self.place(seller, "TV:1:1250")
        fed.central.wait_log("seal", since=since)
        key = ["--party", party, "--site", site, "--sign-cert", str(bundle / "sign.pem")]
        self.troth(fed.central, "site", "add-key", *key)
        seller.wait_get("/v1/status", lambda a: a.body["link"]["up"]
                        and a.body["link"]["backlog"] == 0)
        since = len(fed.central.lines)
        self.troth(fed.central, "site", "revoke-key", *key, "--reason", "lost")
        self.place(seller, "TV:2:1250")
        fed.central.wait_log("seal", since=since)

    def test_what_was_typed_is_taken_whole_or_refused(self):
        seller = self.added().gateway(SELLER)
        for line in ("TV:1:12.50", "TV:1:99999999999999999999", "TV:1:1250:shop:more",
                     "TV:one"):
            self.assertIn("--line", self.place(seller, line, code=2), line)
        placed = self.place(seller, "TV:1:1250")
        ident = self.id_in(placed)
        self.assertIn("unit_price: 1250", self.troth(seller, "order", "show", ident))

    def test_a_promise_cites_what_it_rests_on(self):
        seller = self.added().gateway(SELLER)
        ident = self.id_in(self.place(seller, "TV:1:1250"))
        make = ["promise", "make", "--order", ident, "--kind", "callback", "--reason", "late",
                "--due", "2031-01-02T12:00:00Z", "--owe", "debtor=shop,action=call_back"]
        made = re.search(r"prm_\w+", self.troth(seller, *make, "--policy-version", "7"))
        self.assertIn("policy_version: 7", self.troth(seller, "promise", "show", made[0]))
        self.assertIn("none of the party's grants",
                      self.troth(seller, *make, "--grant", "calls", code=1))

    def test_an_etag_is_taken_as_it_is_printed_and_without_its_quotes(self):
        seller = self.added().gateway(SELLER)
        ident = self.id_in(self.place(seller, "TV:1:1250"))
        correct = ["order", "correct", ident, "--reason", "wrong_model", "--line", "TV:2"]
        for quotes in ("%s", '"%s"'):
            shown = self.troth(seller, "order", "show", ident)
            self.assertEqual(shown.count("etag: "), 1, shown)
            etag = shown.rsplit("etag: ", 1)[1].strip().strip('"')
            self.troth(seller, *correct, "--if-match", quotes % etag)
        self.troth(seller, *correct, "--if-match", quotes % etag, code=1)

    def test_hq_delegates_by_commands(self):
        fed = self.added()
        hq, shop = fed.central, fed.gateway(SELLER)
        self.troth(hq, "pool", "set", "--pool", "cables", "--sku", "HDMI-2M",
                   "--total", "100", "--share", "30", "--low", "10", "--idle-s", "3600")
        self.assertRegex(self.troth(hq, "pool", "list"),
                         r"^pool=cables .*total=100 .*out=\d+ .*free=\d+ ")
        self.assertIn("total: is missing", self.troth(
            hq, "pool", "set", "--pool", "new", "--sku", "S", code=1))
        self.troth(hq, "pool", "set", "--pool", "cables", "--total", "90")
        self.assertRegex(self.troth(hq, "pool", "list"),
                         r"^pool=cables  sku=HDMI-2M  total=90  share=30  low=10  "
                         r"idle_s=3600  ")
        self.troth(hq, "grant", "give", "--party", "shop", "--grant", "gifts",
                   "--kinds", "gift,replacement", "--skus", "HDMI-2M", "--most", "2",
                   "--pool", "cables", "--level", "1")
        self.troth(hq, "agent", "certify", "--party", "shop", "--agent", "ann",
                   "--level", "2")
        self.assertRegex(self.troth(hq, "agent", "list"),
                         r"^party=shop  agent=ann  level=2  certified=true")
        self.troth(hq, "token", "make", "--name", "zoe", "--scopes", "read")
        first = self.troth(hq, "token", "list", "--limit", "1")
        self.assertRegex(first, r"(?s)^name=admin .*next: /v1/tokens\?after=admin&limit=1")
        self.assertNotIn("zoe", first)
        self.assertIn("zoe", self.troth(hq, "token", "list", "--after", "admin"))
        self.assertIn("--limit", self.troth(hq, "share", "list", "--help"))
        shop.stop()  # It does not answer: what it is asked for stays asked.
        of = ["--party", "shop", "--site", SELLER.split("/")[1], "--pool", "cables"]
        self.troth(hq, "share", "move", "--pool", "cables", "--amount", "5000",
                   "--from", SELLER)
        self.assertRegex(self.troth(hq, "share", "list"), r"recalled=5000")
        self.assertIn("Let a site keep", self.troth(hq, "share", "--help"))
        self.troth(hq, "share", "keep", *of)
        self.assertRegex(self.troth(hq, "share", "list"), r"available=30 .*recalled=0")
        self.assertIn("nothing is asked back of it",
                      self.troth(hq, "share", "keep", *of, code=1))
        shop.start()
        self.troth(hq, "suspend", "--party", "shop", "--reason", "abuse")
        self.assertIn("suspended: true", self.troth(hq, "grant", "list"))
        self.assertIn("no such step", self.troth(hq, "suspend", "--party", "shop",
                                                 "--reason", "abuse", code=1))
        self.troth(hq, "resume", "--party", "shop")
        listed = self.troth(hq, "grant", "list", "--party", "shop")
        for line in ("suspended: false", "- replacement", "pool: cables", "level: 1",
                     "in_force: true"):
            self.assertIn(line, listed)
        # The site sees what is its own, and may not help itself to more.
        shop.wait_get("/v1/grants", lambda a: a.body["items"]
                      and a.body["items"][0]["suspended"] is False)
        self.assertIn("grant: gifts", self.troth(shop, "grant", "list"))
        self.assertIn("may not do this", self.troth(
            shop, "grant", "give", "--party", "shop", "--grant", "more",
            "--kinds", "refund", "--most", "1", code=1))
        self.troth(hq, "grant", "withdraw", "--party", "shop", "--grant", "gifts",
                   "--reason", "season_over")
        self.assertIn("in_force: false", self.troth(hq, "grant", "list"))

    EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / \
        "doc/examples/television.policy"

    def policy_file(self, name, text):
        path = self.dir / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def example(self):
        """The example, with the parties of this federation in place of its own."""
        text = self.EXAMPLE.read_text(encoding="utf-8")
        return self.policy_file("example", text.replace('"bright"', '"brand"').replace(
            '"acme"', '"shop"'))

    def test_a_policy_is_published_and_every_node_has_its_text(self):
        fed = self.added()
        hq, shop = fed.central, fed.gateway(SELLER)
        self.assertIn("rules 6", self.troth(hq, "policy", "check", str(self.EXAMPLE)))
        self.assertIn("none here yet", self.troth(hq, "policy", "show", code=1))
        self.assertIn("on_call.hq[0].party: bright is no party of the federation",
                      self.troth(hq, "policy", "publish", str(self.EXAMPLE), code=1))
        said = self.troth(hq, "policy", "publish", self.example())
        self.assertIn("version: 1", said)
        text = pathlib.Path(self.example()).read_text(encoding="utf-8")
        self.assertEqual(self.troth(hq, "policy", "show"), text)
        shop.wait_get("/v1/policies/1", lambda a: a.status == 200)
        self.assertEqual(self.troth(shop, "policy", "show", "1"), text)
        self.assertIn("text: is that of the newest version",
                      self.troth(hq, "policy", "publish", self.example(), code=1))
        # The greatest that there can be reaches the site, too.
        large = self.policy_file("large", "#" * (48 * 1024 - 1) + "\n")
        self.assertIn("version: 2", self.troth(hq, "policy", "publish", large, "--as", "2"))
        shop.wait_get("/v1/policies/newest", lambda a: a.body["version"] == 2)
        self.assertEqual(len(self.troth(shop, "policy", "show")), 48 * 1024)
        self.assertIn("no such version of the policy: the newest here is 2",
                      self.troth(shop, "policy", "show", "3", code=1))
        self.assertIn("may not do this",
                      self.troth(shop, "policy", "publish", large, code=1))
        self.assertIn("not the newest",
                      self.troth(hq, "policy", "publish", large, "--as", "2", code=1))
        self.troth(hq, "policy", "withdraw", "2", "--reason", "too_long")
        shop.wait_get("/v1/policies/2", lambda a: a.body.get("reason") == "too_long")
        listed = self.troth(shop, "policy", "list").splitlines()
        self.assertRegex(listed[0], r"^version=1 .*bytes=\d+")
        self.assertRegex(listed[1], r"^version=2 .*withdrawn=.*reason=too_long")

    def test_versions_of_a_policy_are_compared(self):
        fed = self.federation(sites=())
        fed.central.start()
        self.troth(fed.central, "party", "add", "--party", "brand", "--role", "brand")
        one = self.policy_file("one", "# the same\nrules: ( { most = 1; } );\n")
        two = self.policy_file("two", "# the same\nrules: ( { most = 2; } );\n")
        for path in (one, two):
            self.troth(fed.central, "policy", "publish", path)
        for what, code in ((["1"], 1), (["1", "2"], 1), ([two, "1"], 1), ([one, two], 1),
                           (["2"], 0), ([two], 0), (["2", "newest"], 0)):
            said = self.troth(fed.central, "policy", "diff", *what, code=code)
            if code == 1:
                self.assertIn("-rules: ( { most = 1; } );\n+rules: ( { most = 2; } );",
                              said, what)
        self.assertIn("the newest here is 2",
                      self.troth(fed.central, "policy", "diff", "9", code=2))

    def test_what_is_wrong_with_a_policy_is_said_with_its_line(self):
        fed = self.federation(sites=())
        fed.central.start()
        bad = self.policy_file("bad", "# one\nrules: (\n{ kind = \"bribe\"; } );\n")
        for verb in ("check", "publish"):
            self.assertIn('line 3: rules[0].kind: "bribe" is none',
                          self.troth(fed.central, "policy", verb, bad, code=1))
        long = self.policy_file("long", "#" * (48 * 1024) + "\n")
        self.assertIn("is none of gift, credit, refund,",
                      self.troth(fed.central, "policy", "check", bad, code=1))
        for text, warned in (("", True), ("# nothing yet\n", True),
                             ("rules: ( { most = 1; } );\n", False)):
            said = self.troth(fed.central, "policy", "check", self.policy_file("few", text))
            self.assertEqual("warning: no rules" in said, warned, said)
        self.assertIn("longer than the 49152 bytes",
                      self.troth(fed.central, "policy", "check", long, code=1))
        for wrong, said, code in (
                (["check", str(self.dir / "none")], "No such file", 1),
                (["check"], "Usage", 2),
                (["publish"], "Give its FILE", 2),
                (["publish", str(self.dir / "none")], "No such file", 2),
                (["withdraw", "one", "--reason", "mistake"], "not a whole number", 2),
                (["withdraw", "1"], "--reason is needed", 2),
                (["show", "1", "2"], "one argument too many", 2),
                (["diff"], "which one?", 2),
                (["diff", bad, "1", "2"], "one argument too many", 2)):
            self.assertIn(said, self.troth(fed.central, "policy", *wrong, code=code),
                          wrong)

    def test_what_goes_wrong_is_told_and_made_good_by_commands(self):
        fed = self.added()
        hq = fed.central
        self.troth(hq, "policy", "publish", self.example())
        said = self.troth(hq, "case", "open", "--customer", "c-1", "--reason", "late")
        case = re.search(r"\bcas_\w{26}\b", said).group()
        raised = self.troth(hq, "alarm", "raise", "--case", case, "--code", "smoke")
        alarm = re.search(r"\balm_\w{26}\b", raised).group()
        self.assertRegex(self.troth(hq, "alarm", "list"), r"^id=%s .*cause=safety" % alarm)
        self.troth(hq, "alarm", "take", alarm)
        self.assertIn("no such step from its state: it is taken",
                      self.troth(hq, "alarm", "take", alarm, code=1))
        self.troth(hq, "alarm", "end", alarm, "--reason", "all_well")
        self.assertIn("state: ended", self.troth(hq, "alarm", "show", alarm))
        offers = self.troth(hq, "remedy", "list", "--failure", "late_delivery",
                            "--language", "de")
        self.assertIn("Es ist geschenkt", offers)
        said = self.troth(hq, "recovery", "complain", "--case", case,
                          "--failure", "late_delivery")
        one = re.search(r"\brec_\w{26}\b", said).group()
        self.assertIn("Both harms", self.troth(hq, "recovery", "finish", one, code=1))
        self.troth(hq, "recovery", "harms", one, "--practical", "lost_a_day",
                   "--felt", "let_down")
        self.troth(hq, "recovery", "apologise", one, "--words", "We are sorry.")
        self.troth(hq, "recovery", "choose", one, "--offer", "2")
        self.assertIn("choice: credit", self.troth(hq, "recovery", "show", one))
        self.troth(hq, "recovery", "waive", one)
        self.troth(hq, "recovery", "follow-up", one, "--answer", "yes")
        self.troth(hq, "recovery", "finish", one)
        self.assertIn("no such step from its state: it is done",
                      self.troth(hq, "recovery", "apologise", one, code=1))
        self.assertRegex(self.troth(hq, "recovery", "list", "--state", "closed"),
                         r"^id=%s .*state=done" % one)
        denied = re.search(r"\brec_\w{26}\b", self.troth(
            hq, "recovery", "complain", "--case", case, "--failure", "rude")).group()
        self.assertIn("evidence", self.troth(hq, "recovery", "deny", denied,
                                             "--reason", "own_fault", code=2))
        self.troth(hq, "recovery", "deny", denied, "--reason", "own_fault",
                   "--evidence", "note", "--evidence-text", "the seal was cut")
        self.troth(hq, "recovery", "appeal", denied)
        self.assertIn("cannot approve", self.troth(
            hq, "recovery", "decide", denied, "--decision", "uphold", "--reason", "so",
            code=1))

    def test_an_agent_asks_and_hq_answers_by_commands(self):
        fed = self.added()
        hq, shop = fed.central, fed.gateway(SELLER)
        hq.must_post("/v1/policies", {"text": """
            rules: ( { kind = "gift"; earliest = "1 hour"; say = "gift"; } );
            phrases: { gift: { en = "It is a gift."; de = "Es ist geschenkt."; }; };"""})
        self.troth(hq, "grant", "give", "--party", "shop", "--grant", "gifts",
                   "--kinds", "gift", "--skus", "HDMI-*", "--most", "2")
        lead = self.dir / "lead.token"
        lead.write_text(hq.must_post("/v1/tokens", {
            "name": "lead", "scopes": "approver"})["token"] + "\n")
        lead = ["--token-file", str(lead)]
        shop.wait_get("/v1/grants", lambda a: a.body["items"])
        shop.wait_get("/v1/policies", lambda a: a.body["items"])
        ident = self.id_in(self.place(shop, "TV:1:1250"))
        ask = ["ask", "order", ident, "--kind", "gift", "--sku", "HDMI-2M",
               "--reason", "late_delivery", "--language", "de-AT"]
        yes = self.troth(shop, *ask, "--quantity", "2")
        self.assertRegex(yes, r"^answer: yes\nwords: Es ist geschenkt\.\npromise: prm_")
        self.assertIn("left: \n  promise: 2\n", yes)
        promise = re.search(r"prm_\w{26}", yes).group()
        self.troth(shop, "promise", "activate", promise)
        self.assertIn("no such step from its state: it is active",
                      self.troth(shop, "promise", "activate", promise, code=1))

        asked = self.troth(shop, *ask, "--quantity", "3")
        self.assertRegex(asked, r"^answer: ask\nreason: over_promise_limit\npromise: prm_")
        promise = re.search(r"prm_\w{26}", asked).group()
        self.assertIn(promise, self.troth(shop, "approve", "list"))
        fed.central.wait_get("/v1/approvals", lambda a: a.body["items"])
        waiting = self.troth(hq, "approve", "list", *lead)
        for line in ("id: " + promise, "asked: over_promise_limit", "suggested: \n",
                     "quantity: 2"):
            self.assertIn(line, waiting)
        self.troth(hq, "approve", "no", promise, *lead, "--reason", "too_much",
                   "--instead", "kind=gift,sku=HDMI-1M,quantity=3")
        self.assertNotIn(promise, self.troth(hq, "approve", "list", *lead))

        asked = self.troth(shop, *ask, "--quantity", "4", "--json")
        promise = json.loads(asked)["promise"]
        fed.central.wait_get("/v1/approvals", lambda a: a.body["items"])
        self.troth(hq, "approve", "yes", promise, *lead)
        shop.wait_get("/v1/promises/" + promise,
                      lambda a: a.body["promise"]["state"] == "approved")
        self.troth(shop, "promise", "speak", promise)
        self.assertRegex(self.troth(shop, *ask, "--quantity", "1",
                                    "--due", "2020-01-01T00:00:00Z"),
                         r"^answer: no\nreason: due_too_early\n")

    def test_what_is_wrong_with_a_delegation_is_said(self):
        fed = self.federation(sites=())
        fed.central.start()
        for wrong, said, code in (
                (["share", "move", "--pool", "p", "--amount", "1", "--from", "acme"],
                 "PARTY/SITE", 2),
                (["grant", "give", "--party", "p", "--grant", "g", "--most", "1"],
                 "--kinds is needed", 2),
                (["grant", "give", "--party", "p", "--grant", "g", "--most", "1",
                  "--kinds", "gift,king"], "kinds[1]", 1),
                (["grant", "give", "--party", "p", "--grant", "g", "--most", "1",
                  "--kinds", "credit,refund"], ": currency: is missing", 1),
                (["pool", "set", "--pool", "p", "--sku", "S", "--total", "many"],
                 "not a whole number", 2),
                (["suspend", "--party", "p"], "--reason is needed", 2),
                (["ask", "order"], "--kind is needed", 2)):
            self.assertIn(said, self.troth(fed.central, *wrong, code=code), wrong)

    def test_whoever_may_not_or_says_it_wrong_is_told_what_would_do(self):
        fed = self.added()
        seller = fed.gateway(SELLER)
        place = ["order", "place", "--customer", "c-1", "--seller", "shop"]
        reader = self.dir / "reader.token"
        reader.write_text(self.troth(seller, "token", "make", "--name", "reader",
                                     "--scopes", "read"))
        self.assertIn("wants a token with the scope agent or manager or integration",
                      self.troth(seller, *place, "--token-file", str(reader), code=1))
        self.assertIn("reader.token: not a token of this node",
                      self.troth(fed.central, "status", "--token-file", str(reader), code=1))
        said = self.troth(seller, *place, "--currency", "eur", "--line", "TV:1:1", code=1)
        self.assertIn(": currency: must be an ISO 4217 code\n"
                      "troth: --currency: ISO 4217 code of the prices\n", said)
        ident = self.id_in(self.place(seller, "TV:1:1250"))
        said = self.troth(seller, "promise", "make", "--order", ident, "--kind", "present",
                          "--due", "2031-01-01T00:00:00Z", "--reason", "late",
                          "--owe", "debtor=shop,action=pack", code=1)
        self.assertIn("--kind: gift, credit,", said)

    def test_a_refusal_says_what_is_meant(self):
        fed = self.added()
        hq, seller = fed.central, fed.gateway(SELLER)
        other = str(fed.gateway(CARRIER).certs / "sign.pem")
        ident = self.id_in(self.place(seller, "TV:1:1250"))
        case = re.search(r"cas_\w{26}", self.troth(
            hq, "case", "open", "--customer", "c-1", "--reason", "late"))[0]
        promise = re.search(r"prm_\w{26}", self.troth(
            hq, "promise", "make", "--case", case, "--kind", "callback", "--reason", "late",
            "--due", "2031-01-01T00:00:00Z", "--owe", "debtor=brand,action=call_back"))[0]
        self.troth(hq, "suspend", "--party", "shop", "--reason", "audit")
        policy = self.policy_file("p", "rules: ( { most = 1; } );\n")
        for node, wrong, said in (
                (seller, ["order", "place", "--customer", "c", "--seller", "shop",
                          "--carrier", "fastshpi"],
                 ": carrier: fastshpi is no party of the federation\n"
                 "troth: --carrier: Party that delivers\n"),
                (seller, ["promise", "make", "--order", ident, "--kind", "other", "--due",
                          "2031-01-01T00:00:00Z", "--reason", "late",
                          "--owe", "debtor=shpo,action=pack"],
                 ": commitments[0].debtor: shpo is no party of the federation\n"
                 "troth: --owe: Who owes what"),
                (seller, ["case", "open", "--customer", "c", "--reason", "late",
                          "--on-behalf", "fastship"],
                 ": on_behalf: this site does not act for fastship\n"
                 "troth: --on-behalf: Party that this site acts for\n"),
                (seller, ["case", "open", "--customer", "c", "--reason", "late",
                          "--on-behalf", "fastshpi"],
                 ": on_behalf: fastshpi is no party of the federation\n"),
                (seller, ["order", "correct", ident, "--if-match", "7", "--reason", "x"],
                 'troth: its ETag is now "1": look at it again'),
                (seller, ["policy", "publish", policy], "central alone takes this"),
                (seller, ["status", "--api", "http://127.0.0.1:1"],
                 "troth: is the node up"),
                (hq, ["case", "close", case, "--outcome", "solved"],
                 "troth: it is " + promise),
                (hq, ["party", "add", "--party", "b2", "--role", "brand"],
                 "the brand is added first, and there is only one"),
                (hq, ["site", "add", "--party", "shop", "--site", "s2",
                      "--sign-cert", other],
                 ": sign_cert: is that of spiffe://%s/gw/%s\n" % (fed.domain, CARRIER)),
                (hq, ["site", "add-key", "--party", "shop", "--site", "s1",
                      "--sign-cert", other], ": sign_cert: is that of spiffe://"),
                (hq, ["suspend", "--party", "shop", "--reason", "audit"],
                 "it is suspended already"),
                (hq, ["token", "make", "--name", "a b", "--scopes", "agent"],
                 ": name: must be a name of at most")):
            self.assertIn(said, self.troth(node, *wrong, code=1), wrong)
        self.assertIn("--reason is needed",
                      self.troth(seller, "commitment", "decline", "com_1", code=2))
        for wrong in (["order", "show", case], ["promise", "speak", case],
                      ["alarm", "raise", "--order", case, "--code", "smoke"]):
            self.assertIn("troth: %s is not the id of a" % case,
                          self.troth(seller, *wrong, code=2), wrong)

    def test_who_links_a_case_to_a_mistyped_order_is_told_who_decides(self):
        fed = self.federation(sites=(SELLER, "acme/s1")).start()
        fed.register(roles={"shop": "seller"})
        for node in fed.gateways.values():
            node.wait_get("/v1/status", lambda a: a.body["link"]["up"] and a.body["brand"])
        seller, acme = fed.gateway(SELLER), fed.gateway("acme/s1")
        order = self.id_in(self.troth(seller, "order", "place", "--customer", "c-1",
                                      "--seller", "shop"))
        mistyped = order[:-1] + ("0" if order[-1] != "0" else "1")
        case = re.search(r"cas_\w{26}", self.troth(
            acme, "case", "open", "--customer", "c-1", "--reason", "late"))[0]
        decides = "central decides whether the customer of the case has such an order"
        with Events(acme) as events:
            self.assertIn(decides, self.troth(acme, "order", "link", mistyped,
                                              "--case", case))
            refused = events.wait_for(lambda e: e.type == "order_case_linked").data
        self.assertEqual((refused["verdict"], refused["reason"]), ("refused", "no_subject"))
        self.assertIn("no such order", self.troth(acme, "order", "show", mistyped,
                                                  "--fresh", "true", code=1))
        json.loads(self.troth(acme, "order", "link", order, "--case", case, "--json"))
        self.assertIn(order, self.troth(acme, "order", "show", order, "--fresh", "true"))
        # Central itself has decided when it answers.
        other = re.search(r"cas_\w{26}", self.troth(
            fed.central, "case", "open", "--customer", "c-1", "--reason", "late"))[0]
        self.assertNotIn(decides, self.troth(fed.central, "order", "link", order,
                                             "--case", other))

    def test_what_is_empty_is_not_printed(self):
        fed = self.added()
        for noun in ("approve", "grant", "pool", "agent", "share", "alarm", "recovery"):
            self.assertEqual(self.troth(fed.central, noun, "list"), "", noun)
        said = self.troth(fed.central, "status")
        self.assertIn("party: brand\n", said)
        for empty in ("site:", "since:", "null"):
            self.assertNotIn(empty, said)
        self.assertIn("site: s1\n", self.troth(fed.gateway(SELLER), "status"))

    def test_a_card_of_no_party_is_an_error_and_one_of_no_promises_is_empty(self):
        fed = self.added()
        self.assertIn("party: there is no such party",
                      self.troth(fed.central, "scorecard", "--party", "shpo", code=1))
        self.assertIn("promised\n", self.troth(fed.central, "scorecard", "--party", "shop"))

    def test_minus_h_is_help_where_it_is_not_a_value(self):
        fed = self.federation(sites=())
        fed.central.start()
        for words in ((), ("order",), ("order", "link"), ("status",), ("certs",),
                      ("certs", "init"), ("central",), ("policy", "check"),
                      ("policy", "diff"), ("score",), ("demo",), ("replay-run",)):
            self.assertEqual(self.troth(fed.central, *words, "-h"),
                             self.troth(fed.central, *words, "--help"), words)
        self.assertIn("reason", self.troth(fed.central, "suspend", "--party", "p",
                                           "--reason", "-h", code=1))

    def test_the_help_says_what_is_needed(self):
        done = subprocess.run([program(), "ask", "order", "--help"], text=True, check=True,
                              stdout=subprocess.PIPE, env={**os.environ, "ARGP_HELP_FMT": ""})
        needed, others = done.stdout.split("If there is more to say:")
        self.assertIn("Needed:", needed)
        for option in ("--kind", "--reason"):
            self.assertIn(option, needed)
        for option in ("--sku", "--json"):
            self.assertIn(option, others)

    def test_a_history_says_what_was_done(self):
        seller = self.added().gateway(SELLER)
        ident = self.id_in(self.place(seller, "TV:1:1250"))
        self.troth(seller, "promise", "make", "--order", ident, "--kind", "other", "--due",
                   "2031-01-01T00:00:00Z", "--reason", "late", "--owe",
                   "debtor=shop,action=pack")
        commitment = re.search(r"com_\w{26}", self.troth(
            seller, "commitment", "list")).group()
        self.troth(seller, "commitment", "accept", commitment)
        self.assertIn("no such step from its state: it is accepted",
                      self.troth(seller, "commitment", "accept", commitment, code=1))
        self.assertRegex(self.troth(seller, "order", "history", ident),
                         r"type=commitment_step .*payload.action=accept")

    def test_who_gives_no_token_is_told_how(self):
        fed = self.federation(sites=())
        fed.central.start()
        self.assertIn("TROTH_TOKEN_FILE",
                      self.troth(fed.central, "status", token=False, code=1))
        self.assertNotIn("none was given", self.troth(fed.central, "status"))
        # Set to nothing is as good as not set.
        done = subprocess.run(
            [program(), "score"], env={**os.environ, "TROTH_API": ""}, text=True,
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, check=False,
        )
        self.assertIn("127.0.0.1:7481", done.stderr)


if __name__ == "__main__":
    unittest.main()

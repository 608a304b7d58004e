#!/usr/bin/env python3
"""The real daemons on loopback: start, work together, stop, fall over, come back."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from troth_nodes import (  # noqa: E402
    DOMAIN,
    WAIT_S,
    Events,
    Federation,
    NodeError,
    program,
    self_signed,
    tls_context,
)

TOP = pathlib.Path(__file__).resolve().parents[2]
SELLER, CARRIER = "shop/s1", "fastship/d1"
ROLES = {"shop": "seller", "fastship": "carrier"}
NEVER = {
    "bad_answer", "bad_entry", "bad_feed", "blob_changed", "central_went_back", "chain",
    "diverged", "entry_changed", "failed", "incarnation", "malformed", "note",
    "own_event_changed", "restored_store", "seal", "set_aside", "stop_late",
    "store_poisoned", "turn_failed", "turned_away", "unknown_origin", "went_back",
}


def order(number):
    return {
        "customer": "cust-1",
        "seller": "shop",
        "carrier": "fastship",
        "currency": "EUR",
        "deliver_by": "2031-01-02T18:00:00Z",
        "placed": "2026-01-01T09:00:00Z",
        "lines": [{"sku": "KETTLE-1", "quantity": 1, "unit_price": 4900}],
        "personal": {"order_number": number},
    }


class InDirectory(unittest.TestCase):
    """Each test has a directory of its own, removed afterwards."""

    provoked = frozenset()  # Events of NEVER that a test brings about itself.

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="troth-daemons-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def federation(self, sites=(SELLER, CARRIER), **options):
        fed = Federation(self.dir / "fed", sites, **options)
        self.addCleanup(self.assert_healthy, fed)
        self.addCleanup(fed.__exit__)
        return fed

    def assert_healthy(self, fed):
        """Whatever was done to them, nodes never say what only a fault of ours explains."""
        for node in fed.nodes():
            for line in node.lines:
                self.assertNotIn(line.event, NEVER - self.provoked, "%s: %s" % (node.name, line))
                self.assertNotIn("Sanitizer", line.text, node.name)

    def running(self, **options):
        fed = self.federation(**options).start()
        fed.register(roles=ROLES)
        for gateway in fed.gateways.values():
            gateway.wait_get(
                "/v1/status", lambda a: a.body["link"]["up"] and a.body["brand"]
            )
        return fed

    def assert_seen(self, node, order_id):
        return node.wait_get("/v1/orders/" + order_id, lambda a: a.status == 200)


class Together(InDirectory):
    def test_an_order_placed_at_the_seller_is_seen_at_the_carrier(self):
        fed = self.running()
        carrier = fed.gateway(CARRIER)
        with Events(carrier) as events:
            made = fed.gateway(SELLER).must_post("/v1/orders", order("N-1"))
            events.wait_for(lambda e: made["id"] in str(e.data))
        seen = self.assert_seen(carrier, made["id"])
        self.assertEqual(seen.body["seller"], "shop")
        self.assertEqual(seen.body["lines"][0]["sku"], "KETTLE-1")
        self.assertEqual(
            fed.central.must_get("/v1/orders/" + made["id"])["carrier"], "fastship"
        )

    def test_a_site_that_takes_no_part_does_not_see_the_order(self):
        fed = self.running(sites=(SELLER, CARRIER, "acme/s1"))
        made = fed.gateway(SELLER).must_post("/v1/orders", order("N-2"))
        self.assert_seen(fed.gateway(CARRIER), made["id"])
        other = fed.gateway("acme/s1")
        self.assertEqual(other.get("/v1/orders/%s?fresh=true" % made["id"]).status, 404)

    def test_a_site_that_central_does_not_know_yet_comes_up_when_it_is_added(self):
        fed = self.federation(sites=(SELLER,)).start()
        line = fed.central.wait_log("unknown_site")
        self.assertEqual(line.fields["peer"], fed.gateway(SELLER).origin)
        fed.register(roles=ROLES)
        fed.gateway(SELLER).wait_get("/v1/status", lambda a: a.body["link"]["up"])

    def test_simulated_clocks_stand_until_they_are_moved_and_promises_break_then(self):
        fed = self.running(clock="2026-03-01T08:00:00.000Z")
        now = fed.central.must_get("/v1/status")["now"]
        self.assertEqual(now, "2026-03-01T08:00:00.000Z")
        seller = fed.gateway(SELLER)
        made = seller.must_post("/v1/orders", order("N-3"))
        promise = seller.must_post(
            "/v1/orders/%s/promises" % made["id"],
            {
                "kind": "callback",
                "due": "2026-03-02T08:00:00Z",
                "channel": "phone",
                "spoken": True,
                "reason": "question",
                "commitments": [
                    {
                        "debtor": "shop",
                        "action": "call_back",
                        "due": "2026-03-02T07:00:00Z",
                    }
                ],
            },
        )
        fed.central.wait_get("/v1/promises/" + promise["id"], lambda a: a.status == 200)
        fed.set_clock("2026-03-09T08:00:00Z")
        for node in (fed.central, seller):
            node.wait_get(
                "/v1/promises/" + promise["id"],
                lambda a: a.body["promise"]["state"] == "broken",
            )
        self.assertEqual(
            fed.central.post("/v1/clock", {"now": "2026-03-08T00:00:00Z"}).status, 422
        )

    def test_a_node_that_has_nothing_to_do_does_nothing(self):
        fed = self.running()
        nodes = fed.nodes()
        for node in nodes:
            with Events(node):  # Comes and goes, and leaves nothing behind.
                pass
        before = [node.cpu_s() for node in nodes]
        threading.Event().wait(1.0)  # Not for something: the time that is measured.
        for node, was in zip(nodes, before):
            self.assertLess(node.cpu_s() - was, 0.1, node.name)

    def test_the_api_is_served_by_tls_where_a_certificate_is_given(self):
        cert, key = self_signed(self.dir)
        fed = self.federation(sites=(), central={"api_cert": cert, "api_key": key})
        fed.central.start()
        self.assertTrue(fed.central.api[0].startswith("https://127.0.0.1:"))
        connection = fed.central.connect(context=tls_context(cert))
        connection.request("GET", "/healthz")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()


class Endings(InDirectory):
    def test_sigterm_ends_every_node_in_order_with_0(self):
        fed = self.running()
        made = fed.gateway(SELLER).must_post("/v1/orders", order("N-1"))
        self.assert_seen(fed.gateway(CARRIER), made["id"])
        self.assertEqual(fed.stop(), {SELLER: 0, CARRIER: 0, "central": 0})
        for node in fed.nodes():
            self.assertIsNotNone(node.find_log("stopping"), node.name)
            self.assertEqual(node.lines[-1].event, "stopped")
            self.assertFalse((node.data / "addresses").exists())
        fed.start()
        self.assert_seen(fed.gateway(CARRIER), made["id"])

    def test_a_node_stops_in_order_while_readers_hang_on_its_events(self):
        fed = self.running(sites=(SELLER,))
        with Events(fed.central), Events(fed.gateway(SELLER)):
            self.assertEqual(fed.stop(), {SELLER: 0, "central": 0})

    def test_what_was_saved_at_a_gateway_outlives_kill_9_of_everybody(self):
        fed = self.running()
        seller, carrier = fed.gateway(SELLER), fed.gateway(CARRIER)
        fed.central.kill()
        made = [seller.must_post("/v1/orders", order("N-%d" % i)) for i in range(5)]
        seller.wait_get("/v1/status", lambda a: a.body["link"]["backlog"] >= 5)
        seller.kill()
        carrier.kill()
        seller.start()
        for m in made:
            self.assertEqual(seller.get("/v1/orders/" + m["id"]).status, 200)
        fed.start()
        for m in made:
            self.assert_seen(carrier, m["id"])
        seller.wait_get("/v1/status", lambda a: a.body["link"]["backlog"] == 0)

    def test_the_same_idempotency_key_has_one_effect_across_kill_9(self):
        fed = self.running()
        seller = fed.gateway(SELLER)
        body = order("N-1")
        first = seller.must_post("/v1/orders", body, key="once")
        seller.kill()
        seller.start()
        again = seller.must_post("/v1/orders", body, key="once")
        self.assertEqual(first["id"], again["id"])

    def test_a_gateway_comes_back_by_itself_when_central_was_killed(self):
        fed = self.running()
        for _ in range(3):
            since = len(fed.gateway(SELLER).lines)
            fed.central.kill()
            fed.gateway(SELLER).wait_log(("bus_closed", "bus_unreachable"), since=since)
            fed.central.start()
            fed.gateway(SELLER).wait_log("link_up", since=since)
        made = fed.gateway(SELLER).must_post("/v1/orders", order("N-9"))
        self.assert_seen(fed.gateway(CARRIER), made["id"])

    def test_systemd_hears_ready_the_watchdog_and_stopping(self):
        fed = self.federation(sites=())
        path = str(self.dir / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(WAIT_S)
            # In a shell, because WATCHDOG_PID is not known before the process is.
            fed.central.env = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "300000"}
            fed.central.start()
            heard = ""
            for want in ("READY=1", "WATCHDOG=1", "WATCHDOG=1"):
                heard = notify.recv(256).decode()
                while want not in heard:
                    heard = notify.recv(256).decode()
            self.assertEqual(fed.central.stop(), 0)
            while "STOPPING=1" not in heard:
                heard = notify.recv(256).decode()


class Reloading(InDirectory):
    def test_a_revoked_gateway_is_put_out_when_central_reads_the_new_list(self):
        fed = self.running()
        fed.certs("revoke", fed.pki / "ca", "gw/" + CARRIER, "-r", "keyCompromise")
        shutil.copy(fed.pki / "ca" / "crl.pem", fed.central.certs / "crl.pem")
        self.assertEqual(fed.central.reload().event, "reloaded")
        line = fed.central.wait_log("bus_revoked")
        self.assertEqual(line.fields["peer"], fed.gateway(CARRIER).origin)
        fed.central.wait_log("bus_tls_refused")  # It tries again, in vain.
        self.assertTrue(fed.gateway(SELLER).must_get("/v1/status")["link"]["up"])

    def test_a_broken_list_is_refused_and_the_node_goes_on_with_the_old_one(self):
        fed = self.running(sites=(SELLER,))
        (fed.central.certs / "crl.pem").write_text("nothing\n")
        line = fed.central.reload()
        self.assertEqual(line.event, "reload_failed")
        self.assertIn("crl.pem", line.fields["why"])
        fed.gateway(SELLER).kill()
        since = len(fed.central.lines)
        fed.gateway(SELLER).start()
        fed.central.wait_log("bus_accepted", since=since)

    def test_a_new_signing_key_seals_from_the_reload_on(self):
        fed = self.running()
        seller = fed.gateway(SELLER)
        old, bundle = fed.sign_key(seller.certs), self.dir / "bundle"
        fed.certs("enrol", seller.certs, "gw/" + SELLER, "-D", DOMAIN)
        fed.certs("renew", fed.pki / "ca", "gw/" + SELLER, seller.certs / "request", bundle)
        site = {"party": "shop", "site": "s1"}
        fed.central.must_post(
            "/v1/sites/keys", {**site, "sign_key": fed.sign_key(bundle)})
        fed.certs("install", seller.certs, bundle)
        self.assertEqual(seller.reload().event, "reloaded")
        seller.wait_log("sign_key_changed")
        fed.central.must_post(
            "/v1/sites/keys/revoke", {**site, "sign_key": old, "reason": "renewed"})
        made = seller.must_post("/v1/orders", order("N-12"))
        self.assert_seen(fed.gateway(CARRIER), made["id"])

    def test_the_log_level_is_read_again(self):
        fed = self.federation(sites=(), clock="2026-01-01T00:00:00Z")
        fed.central.start()
        fed.set_clock("2026-01-01T01:00:00Z")
        fed.central.wait_log("clock_set")  # At level debug.
        fed.central.config["log_level"] = "info"
        fed.central.write_config()
        self.assertEqual(fed.central.reload().event, "reloaded")
        since = len(fed.central.lines)
        fed.set_clock("2026-01-01T02:00:00Z")
        self.assertEqual(fed.central.stop(), 0)
        said = [line.event for line in fed.central.lines[since:]]
        self.assertEqual(said[-1], "stopped")
        self.assertNotIn("clock_set", said)

    def test_the_log_level_stays_if_anything_else_is_not_well(self):
        fed = self.federation(sites=())
        fed.central.start()
        fed.central.config["log_level"] = "error"
        fed.central.write_config()
        (fed.central.certs / "crl.pem").write_text("nothing")
        self.assertEqual(fed.central.reload().event, "reload_failed")
        self.assertEqual(fed.central.stop(), 0)
        self.assertEqual(fed.central.lines[-1].event, "stopped")


class Refusals(InDirectory):
    """What cannot start says why, ends, and leaves nothing behind."""

    def assert_fails(self, node, words, code=1):
        node.start(wait=False)
        self.assertEqual(node.wait_exit(), code)
        said = "\n".join(line.text for line in node.lines)
        self.assertIn(words, said)

    def test_check_names_line_and_key(self):
        fed = self.federation(sites=(SELLER,))
        done = fed.central.run("--check")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("fine; this node is spiffe://%s/central" % DOMAIN, done.stdout)
        fed.central.config.update(colour="red", idle_ms=1)
        done = fed.central.run("--check")
        self.assertEqual(done.returncode, 2)
        line = len(fed.central.config) - 1
        self.assertEqual(
            done.stderr,
            "%s:%d: colour: no such key\n%s:%d: idle_ms: must be a number, "
            "1000 to 3600000\n" % (fed.central.conf, line, fed.central.conf, line + 1),
        )
        fed.central.config.pop("colour")
        self.assert_fails(fed.central, "idle_ms: must be a number", 2)

    def test_bad_command_lines_end_with_2(self):
        for arguments in (["--colour"], ["surplus"], ["--config"]):
            done = subprocess.run(
                [program(), "central"] + arguments, capture_output=True, check=False
            )
            self.assertEqual(done.returncode, 2, arguments)
        done = subprocess.run(
            [program(), "gateway", "--config", "/nonexistent"],
            capture_output=True, check=False, text=True,
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nonexistent: No such file", done.stderr)

    def test_without_certificates_a_node_says_which_file_is_missing(self):
        fed = self.federation(sites=(SELLER,))
        for name in ("tls.pem", "sign.key", "crl.pem", "root.pem"):
            (fed.central.certs / name).rename(self.dir / name)
            done = fed.central.run("--check")
            self.assertEqual(done.returncode, 1)
            self.assertIn(name + ": No such file", done.stderr)
            self.assert_fails(fed.central, name + ": No such file")
            (self.dir / name).rename(fed.central.certs / name)

    def test_a_key_that_others_can_read_is_refused(self):
        fed = self.federation(sites=())
        (fed.central.certs / "sign.key").chmod(0o444)
        self.assert_fails(fed.central, "sign.key")

    def test_the_certificate_of_the_other_kind_of_node_is_refused(self):
        fed = self.federation(sites=(SELLER,))
        fed.central.config["certs_dir"] = str(fed.gateway(SELLER).certs)
        self.assert_fails(
            fed.central, "is the certificate of a gateway, but this program is central"
        )

    def test_a_second_daemon_does_not_get_the_same_store(self):
        fed = self.federation(sites=())
        fed.central.start()
        done = fed.central.run()
        self.assertEqual(done.returncode, 1)
        self.assertIn("start_failed", done.stderr)
        self.assertTrue(fed.central.running())
        self.assertEqual(fed.central.get("/healthz").status, 200)

    def test_an_address_that_is_taken_is_named(self):
        fed = self.federation(sites=())
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            fed.central.config["listen"] = address
            self.assert_fails(fed.central, address)
            fed.central.config["listen"] = "127.0.0.1:0"
            fed.central.config["api_listen"] = [address]
            self.assert_fails(fed.central, "Address already in use")

    def test_a_store_keeps_to_its_kind_of_clock(self):
        fed = self.federation(sites=())
        fed.central.start()
        self.assertEqual(
            fed.central.post("/v1/clock", {"now": "2031-01-01T00:00:00Z"}).status, 404
        )
        self.assertEqual(fed.central.stop(), 0)
        fed.central.config.update(clock="simulated", clock_start="2026-01-01T00:00:00Z")
        self.assert_fails(fed.central, "was begun with a real clock")

    def test_a_store_of_another_site_is_refused(self):
        fed = self.federation(sites=(SELLER, "shop/s2"))
        fed.start()
        fed.stop()
        fed.gateway("shop/s2").config["data_dir"] = str(fed.gateway(SELLER).data)
        self.assert_fails(fed.gateway("shop/s2"), "belongs to")

    def test_the_store_of_a_gateway_is_not_opened_by_central(self):
        fed = self.federation(sites=(SELLER,))
        fed.start()
        fed.stop()
        fed.central.config["data_dir"] = str(fed.gateway(SELLER).data)
        self.assert_fails(fed.central, "gateway")


class Tables(unittest.TestCase):
    """What stands in one place and is used in others."""

    def events(self):
        text = (TOP / "include/troth/node/events.def").read_text()
        return set(re.findall(r"^TROTH_LOG_EVENT\((\w+), \w+, ", text, re.M))

    def test_every_name_that_a_part_notes_is_an_event(self):
        found = set()
        for layer in ("ledger", "replica", "api"):
            for path in (TOP / "src" / layer).glob("*.c"):
                found |= set(
                    re.findall(
                        r'note\(\s*[^"();]*(?:\([^()]*\))?[^"();]*"(\w+)"',
                        path.read_text(),
                    )
                )
        self.assertGreater(len(found), 10)
        self.assertEqual(found - self.events(), set())

    def test_the_examples_are_what_the_program_prints(self):
        for kind in ("central", "gateway"):
            path = TOP / "dist" / (kind + ".conf")
            done = subprocess.run(
                [program(), kind, "--config", str(path), "--print-config"],
                capture_output=True, text=True, check=True,
                env={k: v for k, v in os.environ.items() if not k.startswith("TROTH_")},
            )
            self.assertEqual(done.stdout, path.read_text())

    def test_the_table_of_keys_has_every_key_of_the_example(self):
        for kind in ("central", "gateway"):
            example = (TOP / "dist" / (kind + ".conf")).read_text()
            keys = re.findall(r"^#?(\w+) = ", example, re.M)
            done = subprocess.run(
                [program(), kind, "--help-config"], capture_output=True, text=True,
                check=True,
            )
            self.assertEqual(re.findall(r"^\| `(\w+)` ", done.stdout, re.M), keys)

    def test_the_manual_has_the_tables_that_the_program_prints(self):
        manual = (TOP / "doc/operators.md").read_text()
        for kind, option in (
            ("central", "--help-config"),
            ("gateway", "--help-config"),
            ("central", "--help-events"),
        ):
            done = subprocess.run(
                [program(), kind, option], capture_output=True, text=True, check=True
            )
            missing = [r for r in done.stdout.splitlines() if r + "\n" not in manual]
            self.assertEqual(missing, [], "%s %s" % (kind, option))


if __name__ == "__main__":
    unittest.main(verbosity=2)

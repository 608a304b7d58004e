#!/usr/bin/env python3
"""What a gateway's API shows: at once, while cut off, and once central has spoken."""

import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from troth_nodes import Federation  # noqa: E402

SHOP, FLEET, BPO = "shop/s1", "fleet/depot", "bpo/manila"
ROLES = {"shop": "seller", "fleet": "carrier", "bpo": "vendor"}
DUE = "2031-01-02T18:00:00Z"


def order(number):
    return {
        "customer": "cust-1",
        "seller": "shop",
        "carrier": "fleet",
        "lines": [{"sku": "TV-55", "quantity": 1}],
        "personal": {"order_number": number},
    }


def gift(words):
    return {
        "kind": "gift",
        "words": words,
        "sku": "HDMI",
        "quantity": 1,
        "due": DUE,
        "reason": "late_delivery",
        "commitments": [{"debtor": "fleet", "action": "hand_over", "ack_within_s": 900}],
    }


class Gateways(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="troth-api-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.fed = Federation(self.dir / "fed", (SHOP, FLEET, BPO))
        self.addCleanup(self.fed.__exit__)
        self.fed.start()
        self.fed.register(roles=ROLES)
        for gateway in self.fed.gateways.values():
            gateway.wait_get(
                "/v1/status", lambda a: a.body["link"]["up"] and a.body["brand"]
            )

    def place(self, number):
        made = self.fed.gateway(SHOP).must_post("/v1/orders", order(number))
        self.fed.gateway(FLEET).wait_get(
            "/v1/orders/" + made["id"], lambda a: a.status == 200
        )
        return made["id"]

    def test_cut_off_a_gateway_shows_its_own_events_as_pending_and_says_so(self):
        shop = self.fed.gateway(SHOP)
        path = "/v1/orders/" + self.place("N-1")
        shop.wait_get(path, lambda a: a.body["pending"] == 0)
        self.fed.central.stop()
        shop.wait_get("/v1/status", lambda a: not a.body["link"]["up"])

        made = shop.must_post(path + "/promises", gift("免费 HDMI"))
        self.assertIsNone(made["position"])
        self.assertFalse(made["sequenced"])
        seen = shop.must_get(path)
        self.assertEqual(seen["pending"], 1)
        self.assertEqual(seen["etag"], seen["revision"] + 1)
        self.assertEqual(made["etag"], seen["etag"])
        self.assertEqual(seen["promises"][0]["words"], "免费 HDMI")
        self.assertFalse(seen["promises"][0]["sequenced"])
        known = shop.must_get("/v1/promises/%s/known-by" % made["id"])["known_by"]
        self.assertIsNotNone(known["saved"])
        self.assertIsNone(known["sequenced"])
        pending = shop.must_get(path + "/history")["items"][-1]
        self.assertEqual(pending["type"], "promise_made")
        self.assertIsNone(pending["position"])
        open_ones = shop.must_get("/v1/promises?state=open")["items"]
        self.assertEqual([p["id"] for p in open_ones], [made["id"]])
        stale = shop.get(path + "?fresh=true")
        self.assertEqual(stale.status, 504)
        self.assertEqual(stale.body["type"], "urn:troth:problem:no_word_from_central")

        self.fed.central.start()
        done = shop.wait_get(path, lambda a: a.body["pending"] == 0)
        self.assertTrue(done.body["promises"][0]["sequenced"])
        self.assertEqual(done.body["promises"][0]["words"], "免费 HDMI")

    def test_an_order_that_a_vendor_does_not_see_is_found_linked_and_then_seen(self):
        bpo, fleet = self.fed.gateway(BPO), self.fed.gateway(FLEET)
        order_id = self.place("N-2")
        path = "/v1/orders/" + order_id
        self.assertEqual(bpo.get(path).status, 404)
        self.assertEqual(bpo.must_get("/v1/orders?number=N-2")["items"], [])
        found = bpo.must_get("/v1/orders?number=N-2&fresh=true")["items"]
        self.assertEqual(found, [{"id": order_id, "visible": False}])

        case = bpo.must_post("/v1/cases", {"customer": "cust-1", "reason": "late"})
        bpo.must_post(path + "/cases", {"case": case["id"]})
        bpo.wait_get(path, lambda a: a.status == 200)
        made = bpo.must_post(path + "/promises", gift("One HDMI cable, free"))
        seen = fleet.wait_get(
            "/v1/commitments?party=fleet", lambda a: len(a.body["items"]) == 1
        ).body["items"][0]
        self.assertEqual(seen["promise"]["words"], "One HDMI cable, free")
        self.assertEqual(seen["promise"]["made_by"]["party"], "bpo")

        fleet.must_post("/v1/commitments/%s/accept" % seen["commitment"]["id"], {})

        def everybody_knows(answer):
            known = answer.body["known_by"]
            return (
                known["sequenced"]
                and len(known["received"]) >= 3
                and all(r["at"] for r in known["received"])
                and all(a["at"] for a in known["acknowledged"])
            )

        bpo.wait_get("/v1/promises/" + made["id"], everybody_knows)


if __name__ == "__main__":
    unittest.main()

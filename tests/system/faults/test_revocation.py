#!/usr/bin/env python3
"""Certificates taken back while everything runs."""

import secrets
import shutil

from kit import CARRIER, SELLER, federation, main, must, say, settle, start, until
from load import order, promise


def install_list(fed, node, text=None):
    """The CA's newest list, or `text`, becomes the node's; a rename, as installers do."""
    new = node.certs / "crl.pem.new"
    if text is None:
        shutil.copy(fed.pki / "ca" / "crl.pem", new)
    else:
        new.write_text(text)
    new.replace(node.certs / "crl.pem")


def goes_through(fed, path, frm, to):
    made = fed.gateway(frm).must_post(path, promise("G-" + secrets.token_hex(6), "fastship"))
    fed.gateway(to).wait_get("/v1/promises/" + made["id"], lambda a: a.status == 200)


def a_revoked_gateway_is_closed_at_once_and_stays_out(directory, rng, rounds):
    del rng, rounds
    fed = federation(directory)
    with fed:
        start(fed)
        central, carrier, seller = fed.central, fed.gateway(CARRIER), fed.gateway(SELLER)
        placed = seller.must_post("/v1/orders", order("c-1"))["id"]
        path = "/v1/orders/%s/promises" % placed
        goes_through(fed, path, SELLER, CARRIER)

        # A list that is none: the node says so, and nothing changes.
        mark = len(central.lines)
        install_list(fed, central, "-----BEGIN X509 CRL-----\nbm90IG9uZQ==\n-----END X509 CRL-----\n")
        line = central.reload()
        must(line.event == "reload_failed" and line.level == "error", line.text)
        must("crl.pem" in line.fields.get("why", ""), "which file? ", line.text)
        say(line.text)
        goes_through(fed, path, SELLER, CARRIER)
        must(central.find_log("bus_closed", mark) is None, "a broken list closed somebody")
        carrier.stop()
        carrier.start()  # New connections are judged by the list that was there before.
        goes_through(fed, path, SELLER, CARRIER)

        fed.certs("revoke", fed.pki / "ca", "gw/" + CARRIER)
        install_list(fed, central)
        mark, behind = len(central.lines), len(carrier.lines)
        must(central.reload().event == "reloaded", "the good list is not taken")
        line = central.wait_log("bus_revoked", 5, mark, peer=carrier.origin)
        must(line.level == "warn", line.text)
        say(line.text)
        refused = central.wait_log("bus_tls_refused", 10, mark)
        must("revoked" in refused.fields.get("why", ""), refused.text)
        must(central.find_log("bus_accepted", mark) is None, "it came back")
        until("the carrier knows that its link is down",
              lambda: not carrier.must_get("/v1/status")["link"]["up"])
        must(carrier.find_log("bus_tls_refused", behind) or
             carrier.find_log("bus_closed", behind), "the carrier's log does not tell")

        # The others work on; the one outside works alone and loses nothing by it.
        placed2 = seller.must_post("/v1/orders", order("c-2"))["id"]
        kept = seller.must_post("/v1/orders/%s/promises" % placed2, promise("T-1", "fastship"))
        until("central has it", lambda: central.get("/v1/promises/" + kept["id"]).status == 200)
        must(carrier.get("/v1/promises/" + kept["id"]).status == 404, "it still receives")
        must(carrier.get("/v1/orders/" + placed).status == 200, "it cannot read its own store")
        until("many refused dials, none accepted",
              lambda: sum(x.event == "bus_tls_refused" for x in central.lines[mark:]) >= 3)
        must(central.find_log("bus_accepted", mark) is None, "it came back")

        # With a new certificate it is one of us again, and gets what it has missed.
        fresh = directory / "fresh"
        fed.certs("enrol", fresh, "gw/" + CARRIER, "--domain", fed.domain)
        sign(fed, fresh, directory / "bundle")
        central.must_post("/v1/sites/keys", {
            "origin": carrier.origin, "sign_cert": (fresh / "sign.pem").read_text()})
        carrier.stop()
        carrier.config["certs_dir"] = str(fresh)
        carrier.start()
        carrier.wait_get("/v1/promises/" + kept["id"], lambda a: a.status == 200)
        settle(fed)


def sign(fed, fresh, bundle):
    fed.certs("sign", "--yes", fed.pki / "ca", "gw/" + CARRIER, fresh / "request", bundle)
    fed.certs("install", fresh, bundle)


if __name__ == "__main__":
    main({
        "a-revoked-gateway-is-closed-at-once-and-stays-out":
            a_revoked_gateway_is_closed_at_once_and_stays_out,
    })

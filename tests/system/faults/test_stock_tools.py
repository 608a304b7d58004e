#!/usr/bin/env python3
"""What a node keeps can be read without troth."""

from kit import (
    CARRIER, SELLER, TOP, Fault, NodeError, federation, main, must, need, run, say, start,
)
from load import order, promise

SCRIPT = TOP / "tests" / "system" / "faults" / "read_with_stock_tools.sh"
SKU = "HDMI-2.1-3m"


def read(copy, sku):
    return run(SCRIPT, copy, TOP / "proto", sku, "You get " + sku)


def a_copy_of_a_running_node_is_read_with_stock_tools(directory, rng, rounds):
    del rng, rounds
    need("mdb_copy", "protoc", "basenc", "sha256sum", "awk")
    fed = federation(directory)
    with fed:
        start(fed)
        seller, carrier = fed.gateway(SELLER), fed.gateway(CARRIER)
        placed = seller.must_post("/v1/orders", order("c-1"))["id"]
        for sku in ("OTHER-1", SKU, "OTHER-2"):
            made = seller.must_post("/v1/orders/%s/promises" % placed, promise(sku, "fastship"))
        carrier.wait_get("/v1/promises/" + made["id"], lambda a: a.status == 200)
        for node in (fed.central, carrier):
            copy = directory / ("copy-of-" + node.name.replace("/", "-"))
            copy.mkdir()
            run("mdb_copy", "-c", node.data / "store", copy)
            say(node.name, read(copy, SKU).strip())
            # The control: the same steps do not find what is not there.
            try:
                read(copy, "HDMI-2.0")
            except NodeError as why:
                must("0 promises" in str(why), why)
            else:
                raise Fault("found a promise that nobody made")


if __name__ == "__main__":
    main({
        "a-copy-of-a-running-node-is-read-with-stock-tools":
            a_copy_of_a_running_node_is_read_with_stock_tools,
    })

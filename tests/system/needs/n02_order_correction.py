#!/usr/bin/env python3
"""Sales mistyped the order; the only answer was delay.

A correction is a new version of the order, with a new date, and everybody has it. Who
corrects what somebody else has corrected meanwhile is told so.
"""

from needs_kit import CARRIER, Needs, SELLER, VENDOR, main, must, wait_until

WRONG = {"sku": "TV-50", "quantity": 1, "unit_price": 49900}
RIGHT = {"sku": "TV-55", "quantity": 1, "unit_price": 49900}


def a_correction_reaches_carrier_and_service_and_a_stale_one_is_refused(directory):
    with Needs(directory) as fed:
        sales = fed.person(SELLER, "sam", "agent")
        service = fed.person(VENDOR, "ann", "agent")
        driver = fed.person(CARRIER, "dan", "dispatcher")
        placed = sales.must_post("/v1/orders", {
            "customer": "c-1", "seller": "shop", "carrier": "fastship", "lines": [WRONG],
            "deliver_by": "2031-01-02T18:00:00Z"})
        path = "/v1/orders/" + placed["id"]
        driver.wait_get(path, lambda a: a.status == 200)
        case = service.must_post("/v1/cases", {"customer": "c-1", "reason": "wrong_model"})
        service.must_post(path + "/cases", {"case": case["id"]})
        service.wait_get(path, lambda a: a.status == 200)
        fed.settle()

        seen = sales.get(path)
        etag = seen.headers["ETag"]
        correction = {"reason": "wrong_model", "lines": [RIGHT],
                      "deliver_by": "2031-01-03T18:00:00Z"}
        answer = sales.post(path + "/corrections", correction, if_match=etag)
        must(answer.status == 200, answer)
        for who in (driver, service):
            corrected = who.wait_get(path, lambda a: a.body.get("version") == 2).body
            must(corrected["lines"][0]["sku"] == "TV-55", corrected)
            must(corrected["deliver_by"] == "2031-01-03T18:00:00.000Z", corrected)

        # The same again, on what no longer is; and nothing comes of it anywhere.
        stale = sales.post(path + "/corrections", {**correction, "lines": [WRONG]},
                           if_match=etag)
        must(stale.status == 412, stale)
        wait_until("all is sequenced", lambda: sales.must_get(path)["pending"] == 0)
        must(fed.central.must_get(path)["version"] == 2, fed.central.must_get(path))


if __name__ == "__main__":
    main()

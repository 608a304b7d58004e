#!/usr/bin/env python3
"""Unskilled staff, no manager.

Authority goes with a certificate: who has none is sent to a supervisor, who decides in
one step, and the agent has the answer without asking again.
"""

from authority_kit import GIFT, as_documented, ask, delegate, publish
from needs_kit import HQ, Needs, VENDOR, main, must

GRANT = {"grant": "gifts", "kinds": ["gift"], "most": 2, "level": 2}


def start(fed):
    new = fed.person(VENDOR, "new", "agent")
    publish(fed)
    delegate(fed, ["acme"], GRANT)
    case = new.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
    path = "/v1/cases/" + case["id"]
    fed.hq.wait_get(path, lambda a: a.status == 200)
    return new, path


def who_is_not_certified_gets_a_supervisors_word_in_one_step(directory):
    with Needs(directory) as fed:
        new, path = start(fed)
        lead = fed.person(HQ, "lead", "approver")
        events = new.events()
        asked = ask(new, path, GIFT, "ask", "uncertified")
        waiting = lead.wait_get("/v1/approvals", lambda a: a.body["items"]).body
        as_documented(lead.node, "Approvals", waiting)
        waiting = waiting["items"][0]
        must(waiting["id"] == asked["promise"] and waiting["asked"] == "uncertified", waiting)
        must(waiting["made_by"]["actor"] == "new" and "lapses" in waiting, waiting)
        mine = new.must_get("/v1/approvals")["items"]
        must([p["id"] for p in mine] == [asked["promise"]], mine)

        lead.must_post("/v1/promises/%s/approve" % asked["promise"])
        events.wait_for(lambda e: e.data["type"] == "promise_step"
                        and e.data["payload"]["promise"] == asked["promise"]
                        and e.data["payload"]["action"] == "approve")
        new.must_post("/v1/promises/%s/speak" % asked["promise"])
        fed.settle()
        must(lead.must_get("/v1/approvals")["items"] == [], "it waits still")
        said = fed.central.must_get("/v1/promises/" + asked["promise"])["promise"]
        must(said["state"] == "active" and said["flags"] == [], said)


def what_is_told_while_hq_decides_stands_and_leaves_the_queue(directory):
    with Needs(directory, sites=(HQ, VENDOR)) as fed:
        new, path = start(fed)
        leads = fed.person(HQ, "lead", "approver"), fed.person("central", "max")
        asked = ask(new, path, GIFT, "ask", "uncertified")["promise"]
        for lead in leads:
            lead.wait_get("/v1/approvals", lambda a: a.body["items"])
        told = new.must_post("/v1/promises/%s/activate" % asked)
        must(told["flagged"] == "wrong_state", told)
        for lead in leads:
            lead.wait_get("/v1/approvals", lambda a: not a.body["items"])
            for no in (lead.post("/v1/promises/%s/approve" % asked),
                       lead.post("/v1/promises/%s/reject" % asked, {
                           "reason": "too_much", "instead": {"kind": "callback"}})):
                must(no.status == 409 and no.body["type"].endswith(":wrong_state"), no)
            said = lead.must_get("/v1/promises/" + asked)["promise"]
            must(said["state"] == "active" and said["flags"] == ["over_authority"], said)


def what_is_told_before_the_approval_is_heard_is_not_lost(directory):
    with Needs(directory, sites=(HQ, VENDOR)) as fed:
        new, path = start(fed)
        asked = ask(new, path, GIFT, "ask", "uncertified")["promise"]
        hq = fed.person("central", "max")
        hq.wait_get("/v1/approvals", lambda a: a.body["items"])
        fed.cut(VENDOR)
        hq.must_post("/v1/promises/%s/approve" % asked)
        new.must_post("/v1/promises/%s/activate" % asked)
        fed.heal(VENDOR)
        fed.settle()
        for person in hq, new:
            said = person.must_get("/v1/promises/" + asked)["promise"]
            must(said["state"] == "active" and said["flags"] == [], said)


def who_asked_takes_the_question_back_also_while_it_is_being_approved(directory):
    with Needs(directory, sites=(HQ, VENDOR)) as fed:
        new, path = start(fed)
        lead = fed.person(HQ, "lead", "approver agent")
        first, second, third = (ask(new, path, GIFT, "ask", "uncertified")["promise"]
                                for _ in range(3))
        lead.wait_get("/v1/approvals", lambda a: len(a.body["items"]) == 3)
        no = lead.post("/v1/promises/%s/expire" % first)
        must(no.status == 403 and no.body["type"].endswith(":not_entitled"), no)
        new.must_post("/v1/promises/%s/expire" % first)
        lead.wait_get("/v1/approvals", lambda a: len(a.body["items"]) == 2)
        no = lead.post("/v1/promises/%s/approve" % first)
        must(no.status == 409 and no.body["type"].endswith(":wrong_state"), no)

        fed.cut(VENDOR)  # Approved before the word that it was taken back is there.
        lead.must_post("/v1/promises/%s/approve" % second)
        fed.settle(HQ)
        new.must_post("/v1/promises/%s/expire" % second)
        fed.heal(VENDOR)
        fed.cut(HQ)  # And the other way round: who approves is told of it.
        lead.must_post("/v1/promises/%s/approve" % third)
        new.must_post("/v1/promises/%s/expire" % third)
        fed.settle(VENDOR)
        with lead.events() as events:
            fed.heal(HQ)
            refused = events.wait_for(lambda e: e.type == "promise_step"
                                      and e.data.get("verdict") == "refused")
        must(refused.data["payload"]["promise"] == third
             and refused.data["reason"] == "wrong_state", refused.data)
        fed.settle()
        for promise in first, second, third:
            for person in lead, new:
                shown = person.must_get("/v1/promises/" + promise)["promise"]
                must(shown["state"] == "expired", shown)


def a_no_comes_with_what_may_be_said_instead(directory):
    with Needs(directory) as fed:
        new, path = start(fed)
        lead = fed.person(HQ, "lead", "approver")
        events = new.events()
        asked = ask(new, path, {**GIFT, "quantity": 2}, "ask", "uncertified")
        lead.wait_get("/v1/approvals", lambda a: a.body["items"])
        lead.must_post("/v1/promises/%s/reject" % asked["promise"], {
            "reason": "too_much", "instead": {"kind": "gift", "sku": "HDMI-1M",
                                              "quantity": 1}})
        told = events.wait_for(lambda e: e.data["type"] == "promise_step"
                               and e.data["payload"]["action"] == "reject")
        must(told.data["payload"]["instead"] == {"kind": "gift", "sku": "HDMI-1M",
                                                 "quantity": 1}, told.data)


def a_supervisor_decides_within_a_grant_that_covers_all_of_it(directory):
    with Needs(directory, sites=(HQ, VENDOR)) as fed:
        new, lead = fed.person(VENDOR, "new", "agent"), fed.person(VENDOR, "lead", "approver")
        hq = fed.person("central", "max")
        publish(fed)
        hq.must_post("/v1/agents", {"party": "acme", "agent": "lead", "level": 2})
        # Given first, and over it in kind, but not in quantity.
        delegate(fed, ["acme"], {**GRANT, "grant": "first", "most": 1})
        delegate(fed, ["acme"], {**GRANT, "per_customer": 3, "period_s": 86400})
        lead.wait_get("/v1/agents?party=acme", lambda a: a.body["items"])
        case = new.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
        path = "/v1/cases/" + case["id"]
        asked = [ask(new, path, {**GIFT, "quantity": 2}, "ask", "uncertified")["promise"]
                 for _ in range(2)]
        lead.must_post("/v1/promises/%s/approve" % asked[0])
        one = lead.must_get("/v1/promises/" + asked[0])["promise"]
        must(one["state"] == "approved" and one["grant"] == "gifts", one)
        no = lead.post("/v1/promises/%s/approve" % asked[1])
        must(no.status == 403 and no.body["type"].endswith(":over_customer_limit"), no)
        fed.settle()
        shown = fed.central.must_get("/v1/promises/" + asked[0])["promise"]
        must(shown["state"] == "approved", shown)
        # What is beyond the grant, HQ alone decides.
        hq.must_post("/v1/promises/%s/approve" % asked[1])


def who_asked_does_not_approve(directory):
    with Needs(directory, sites=(HQ, VENDOR)) as fed:
        publish(fed)
        delegate(fed, ["brand"], GRANT)
        both = fed.person(HQ, "both", "agent approver")
        other = fed.person(HQ, "other", "approver")
        case = fed.person(VENDOR, "new", "agent").must_post(
            "/v1/cases", {"customer": "c-1", "reason": "fault"})
        path = "/v1/cases/" + case["id"]
        both.wait_get(path, lambda a: a.status == 200)
        asked = ask(both, path, GIFT, "ask", "uncertified")
        got = both.post("/v1/promises/%s/approve" % asked["promise"])
        must(got.status == 403 and got.body["type"].endswith(":own_request"), got)
        other.must_post("/v1/promises/%s/approve" % asked["promise"])


def a_certificate_makes_it_a_yes_until_it_ends(directory):
    with Needs(directory) as fed:
        new, path = start(fed)
        hq = fed.person("central", "max")
        for level, answer, reason in ((1, "ask", "uncertified"), (2, "yes", None),
                                      (0, "ask", "uncertified")):
            hq.must_post("/v1/agents", {"party": "acme", "agent": "new", "level": level})
            new.wait_get("/v1/agents?party=acme", lambda a, level=level: [
                p["level"] for p in a.body["items"]] == [level])
            ask(new, path, GIFT, answer, reason)


if __name__ == "__main__":
    main()

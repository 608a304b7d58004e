#!/usr/bin/env python3
"""Glib assurances about goods never seen.

A promise rests on a version of HQ's policy. Where there is none, or it has been
withdrawn, the agent is not told yes; what is said all the same stands, and HQ sees it.
"""

import datetime

from authority_kit import GIFT, ask, delegate, known_everywhere, publish, withdraw
from needs_kit import Needs, VENDOR, main, must

GRANT = {"grant": "gifts", "kinds": ["gift"], "most": 2}
SPOKEN = {**GIFT, "due": "2031-01-02T12:00:00Z",
          "commitments": [{"debtor": "brand", "action": "deliver"}]}


def start(fed):
    ann = fed.person(VENDOR, "ann", "agent")
    case = ann.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
    return ann, "/v1/cases/" + case["id"]


def flags(fed, promise):
    return fed.central.wait_get("/v1/promises/" + promise,
                                lambda a: a.status == 200).body["promise"]["flags"]


def without_a_policy_or_with_a_withdrawn_one_it_is_asked_not_said(directory):
    with Needs(directory, sites=(VENDOR,)) as fed:
        ann, path = start(fed)
        delegate(fed, ["acme"], GRANT)
        ask(ann, path, GIFT, "ask", "policy_unknown")
        first = publish(fed)
        must(ask(ann, path, GIFT, "yes")["policy_version"] == first, "cites another")
        withdraw(fed, first)
        known_everywhere(fed, lambda p: "withdrawn" in p)
        ask(ann, path, GIFT, "ask", "policy_withdrawn")
        second = publish(fed)
        must(ask(ann, path, GIFT, "yes")["policy_version"] == second, "cites another")


def what_is_said_without_a_policy_or_by_a_withdrawn_one_stands_and_is_flagged(directory):
    with Needs(directory, sites=(VENDOR,)) as fed:
        ann, path = start(fed)
        delegate(fed, ["acme"], GRANT)
        version = publish(fed)
        uncited = ann.must_post(path + "/promises", SPOKEN)
        must(uncited["flagged"] == "uncited", uncited)
        unknown = ann.must_post(path + "/promises", {**SPOKEN, "policy_version": 77})
        must(unknown["flagged"] == "policy_unknown", unknown)
        withdraw(fed, version)
        known_everywhere(fed, lambda p: "withdrawn" in p)
        stale = ann.must_post(path + "/promises", {**SPOKEN, "policy_version": version})
        must(stale["flagged"] == "policy_withdrawn", stale)
        for said in (uncited, unknown, stale):
            must("over_authority" in flags(fed, said["id"]), said)


def a_site_that_has_not_heard_of_the_withdrawal_answers_yes_and_hq_sees_it(directory):
    with Needs(directory, sites=(VENDOR,)) as fed:
        ann, path = start(fed)
        delegate(fed, ["acme"], GRANT)
        version = publish(fed)
        before = ask(ann, path, GIFT, "yes")["promise"]
        ann.must_post("/v1/promises/%s/activate" % before)
        fed.settle()
        fed.cut()
        withdraw(fed, version)
        after = ask(ann, path, GIFT, "yes")["promise"]
        ann.must_post("/v1/promises/%s/activate" % after)
        fed.heal()
        fed.settle()
        must(flags(fed, before) == [], "what was said before is flagged")
        must(flags(fed, after) == ["over_authority"], flags(fed, after))


def a_policy_that_comes_after_it_was_cited_is_kept_to_from_then_on(directory):
    with Needs(directory, sites=(VENDOR,)) as fed:
        ann, path = start(fed)
        due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        said = ann.must_post(path + "/promises", {
            **SPOKEN, "policy_version": 1, "due": due.strftime("%Y-%m-%dT%H:%M:%SZ")})["id"]
        fed.settle()
        must(fed.central.must_get("/v1/alarms")["items"] == [], "alarmed by no policy")
        publish(fed, 'ladders: { at_risk: { before = "2 hours"; '
                     'rungs: ( { to = "brand"; } ); }; };')
        alarm = fed.central.wait_get("/v1/alarms", lambda a: a.body["items"]).body["items"][0]
        must(alarm["cause"] == "at_risk" and alarm["promise"] == said, alarm)


if __name__ == "__main__":
    main()

"""What the tests of alarms and recoveries share: a policy, cases, what goes wrong."""

import datetime

from authority_kit import publish
from needs_kit import Needs, VENDOR, must

# A Monday; the clocks of most tests begin at ten in the morning and are moved by hand.
MORNING = "2026-11-16T10:00:00.000Z"
EVENING = "2026-11-16T20:00:00.000Z"

POLICY = """
calendars: { day: { zone = "UTC"; hours: { mon-fri = "08:00-18:00"; }; }; };
on_call: { duty: ( { actor = "dora"; party = "acme"; calendar = "day"; },
	{ actor = "nick"; party = "brand"; } ); };
phrases: { sorry: { en = "We are sorry."; zh = "非常抱歉。"; te = "క్షమించండి."; }; };
rules: (
	{ kind = "gift"; offer = "30 minutes"; },
	{ kind = "credit"; offer = "30 minutes"; },
	{ kind = "refund"; offer = "30 minutes"; },
	{ kind = "callback"; offer = "30 minutes"; grace = "5 minutes"; }
);
routes: (
	{ kind = "callback"; owed: ( { debtor = "maker"; action = "call_back"; } ); },
	{ kind = "gift"; owed: ( { debtor = "brand"; action = "deliver"; } ); },
	{ kind = "credit"; owed: ( { debtor = "brand"; action = "pay"; } ); },
	{ kind = "refund"; owed: ( { debtor = "brand"; action = "pay"; } ); }
);
remedies: {
	no_callback: { offers: (
		{ kind = "gift"; sku = "HDMI-2M"; due = "1 day"; say = "sorry"; },
		{ kind = "refund"; amount = 500; currency = "EUR"; due = "1 day"; say = "sorry"; },
		{ kind = "credit"; amount = 900; currency = "EUR"; due = "1 day"; say = "sorry"; }
	); follow_up = "2 days"; };
	rude: { offers: ( { kind = "credit"; amount = 300; currency = "EUR"; due = "1 day"; } ); };
};
ladders: {
	unacknowledged: { rungs: ( { to = "debtor"; }, { after = "10 minutes"; to = "duty"; } ); };
	at_risk: { before = "10 minutes"; rungs: ( { to = "maker"; } ); };
	broken: { rungs: ( { to = "duty"; } ); };
	untouched: { before = "30 minutes"; rungs: ( { to = "maker"; },
		{ after = "30 minutes"; to = "duty"; }, { after = "60 minutes"; to = "brand"; } ); };
	safety: { rungs: ( { to = "duty"; }, { after = "2 seconds"; to = "brand"; } ); };
	follow_up: { rungs: ( { to = "owner"; }, { after = "1 day"; to = "brand"; } ); };
};
"""


def later(start, **delta):
    """The instant so long after `start`, as the API writes it."""
    t = datetime.datetime.fromisoformat(start[:-1] + "+00:00") + datetime.timedelta(**delta)
    return t.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def federation(directory, sites=(VENDOR,), clock=MORNING):
    return Needs(directory, sites=sites, **({"clock": clock} if clock else {}))


def open_case(agent, customer="c-1"):
    """Its path, once it is at central."""
    case = agent.must_post("/v1/cases", {"customer": customer, "reason": "no_picture"})
    return "/v1/cases/" + case["id"]


def call_back(agent, case, due, version=1):
    """The customer is told that somebody calls back by then. The promise's id."""
    return agent.must_post(case + "/promises", {
        "kind": "callback", "reason": "no_picture", "due": due, "policy_version": version,
        "words": "We call you back.", "language": "en",
        "commitments": [{"debtor": "acme", "action": "call_back"}]})["id"]


def broken_call_back(fed, agent, minutes=30):
    """A case with a call-back that was promised, and nobody called. Its path, the promise."""
    case = open_case(agent)
    promise = call_back(agent, case, later(MORNING, minutes=minutes))
    fed.settle()
    fed.set_clock(later(MORNING, minutes=minutes + 6))
    agent.wait_get("/v1/promises/" + promise,
                   lambda a: a.body.get("promise", {}).get("state") == "broken")
    return case, promise


def wait_recovery(agent, promise, **wanted):
    """The recovery of the promise (or of that id), once it is as wanted."""
    path = "/v1/recoveries/rec_" + promise.split("_")[1]
    return agent.wait_get(path, lambda a: a.status == 200 and all(
        a.body["recovery"].get(k) == v for k, v in wanted.items())).body["recovery"]


def alarms(answer, cause, **wanted):
    return [a for a in answer.body.get("alarms", []) if a["cause"] == cause
            and all(a.get(k) == v for k, v in wanted.items())]


def wait_alarm(agent, case, cause, **wanted):
    """The alarm of that cause on the case, once it is as wanted."""
    return alarms(agent.wait_get(case, lambda a: alarms(a, cause, **wanted)), cause,
                  **wanted)[0]


def refused(answer, status, problem):
    must(answer.status == status and answer.body["type"].endswith(":" + problem), answer)


def start(fed):
    """The policy stands everywhere; ann at the vendor, and HQ."""
    publish(fed, POLICY)
    return fed.person(VENDOR, "ann"), fed.person("central", "max")

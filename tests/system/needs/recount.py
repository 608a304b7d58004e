"""What GET /v1/scorecards is to say, counted from the entries of a ledger.

Knows doc/scores.md and protobuf, and nothing of troth's code. A step that it does not
know ends it.
"""

import collections

from kit import fields, must
from recount_authority import Authority, KINDS as KIND_NAMES, text

MINUTE, HOUR, DAY = 60000, 3600000, 86400000
BOUNDS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 3 * DAY,
          7 * DAY, 14 * DAY, 30 * DAY]
KINDS = dict(enumerate(KIND_NAMES, 1))
OUTCOMES = ("kept", "breached_late", "withdrawn", "overdue_open", "pending")
TAKES_EFFECT, FLAGGED, REFUSED = 1, 2, 3
DUE_PASSED, SUBJECT_CLOSED = 11, 12
TELL_CUSTOMER = 7


# ---- Entries, read one after the other ----


class Commitment:
    def __init__(self, terms, accepted):
        self.debtor = terms[1].decode()
        self.action = terms[3]
        self.due = terms[4]
        self.requested, self.acknowledged, self.ack_overdue = accepted, 0, False
        self.fulfilled = self.reported = self.settled = self.reopened = 0
        self.waiting, self.open, self.called_off = True, True, False
        self.fulfilled_state = False

    def end(self, at):
        if self.open:
            self.open = self.waiting = False
            self.called_off, self.settled = True, at


class Promise:
    def __init__(self, entry, who, actor, customer):
        get = entry.get
        self.id, self.actor, self.customer = get(1), actor, customer
        self.party, self.site = who
        self.kind, self.sku = KINDS[get(3)], text(get(4))
        self.quantity, self.amount = get(5) or 0, get(6) or 0
        self.currency = text(get(7))
        self.policy_version = get(10) or 0
        self.grant, self.pool, self.cost = text(get(16)), text(get(17)), get(18) or 0
        self.asked = bool(get(20))
        self.due, self.reason, self.made = get(8), get(9).decode(), get(13)
        self.spoken, self.ended, self.settled = bool(get(12)), False, 0
        self.state = "active" if self.spoken else "proposed"
        self.over = self.nothing = False
        self.reopened = self.recoveries = 0
        self.commitments = []


class Subject:
    def __init__(self):
        self.cancelled = self.closed = False
        self.customer = ""
        self.promises = {}


class Ledger:
    """What stands in the entries, as doc/scores.md wants it."""

    def __init__(self, entries, brand):
        self.subjects = collections.defaultdict(Subject)
        self.sites = {}
        self.brand = brand
        self.recovers, self.accepted = {}, []
        self.authority = Authority()
        for position, e in enumerate(entries, 1):
            self.read(e, position)

    def who(self, body):
        origin = body[3].decode()
        party, site = self.sites.get(origin, (self.brand, "central"))
        return (body.get(12, b"").decode() or party, site)

    def read(self, e, position):
        top = dict(fields(e.raw))
        body = dict(fields(top[1]))
        verdict = dict(fields(top[2]))
        accepted = top[3]
        self.accepted.append(accepted)
        if verdict[1] == REFUSED:
            return
        s = self.subjects[e.subject]
        if e.type == 21:  # site_added
            self.sites[e.get(3).decode()] = (e.get(1).decode(), e.get(2).decode())
        elif e.type in (30, 40):  # order_placed, case_opened
            s.customer = text(e.get(1))
        elif e.type == 34:  # order_cancelled
            self.cancel_order(s, e, accepted)
        elif e.type == 43:  # case_closed
            s.closed = True
        elif e.type == 50:  # promise_made
            p = Promise(e, self.who(body), text(body.get(13)), s.customer)
            p.told = min(p.made, accepted)
            self.written(p, body, accepted)
            beyond = not p.asked and (
                self.authority.is_beyond(p) or (p.spoken and bool(p.pool)))
            self.judge(s, p, verdict, accepted, False, beyond)
            s.promises[e.get(1)] = p
            for number, terms in e.payload:
                if number == 15:
                    p.commitments.append(Commitment(dict(fields(terms)), accepted))
            if e.get(19):
                self.recovers[e.get(1)] = e.get(19)
        elif e.type == 51:
            p = s.promises[e.get(1)]
            self.promise_step(s, p, e, verdict, accepted)
            if e.get(8):  # By which grant a supervisor approves it.
                self.written(p, body, accepted)
        elif e.type == 60:  # commitment_added
            s.promises[e.get(1)].commitments.append(
                Commitment(dict(fields(e.get(2))), accepted))
        elif e.type == 61:
            ident = e.get(1)
            p = s.promises[ident[:15] + b"\0"]
            self.commitment_step(p, p.commitments[ident[15] - 1], e, accepted)
        elif e.type == 90:  # recovery_opened
            s.promises[e.get(1)].recoveries += 1
        elif not self.authority.read(
                e, accepted, position, verdict[1] == FLAGGED):
            must(e.type in (20, 32, 33, 35, 41, 110) or 80 <= e.type < 90,
                 "an entry that the reader does not know:", e.type)

    def written(self, p, body, accepted):
        """What rests on a grant counts from here on, whatever it says of when it was told."""
        p.seen = body.get(8, 0)
        heard = self.accepted[p.seen - 1] if p.seen else 0
        p.written = max(heard, min(body[7], accepted))
        if p.grant and p not in self.authority.given:
            self.authority.given.append(p)

    def judge(self, s, p, verdict, accepted, wrong_step, beyond):
        """Whether it is told beyond what its maker may tell; the ledger must say so, too."""
        over, reason = wrong_step, None
        if not over and s.closed:
            reason = SUBJECT_CLOSED
        elif not over and p.due <= accepted:
            reason = DUE_PASSED
        else:
            over = over or beyond
        got = verdict.get(2) if verdict[1] == FLAGGED else None
        must(got not in (None, DUE_PASSED, SUBJECT_CLOSED) if over else got == reason,
             "the ledger says", verdict, "where the recount has", over, reason, vars(p))
        p.over = p.over or over

    def cancel_order(self, s, e, accepted):
        s.cancelled = s.closed = True
        told = e.get(3) is None
        for p in s.promises.values():
            if not p.spoken or p.ended or p.settled:
                continue
            for c in p.commitments:
                c.end(accepted)
            p.ended = p.nothing = True
            p.settled, p.state = accepted, "cancelled"
            if not told:
                p.commitments.append(Commitment(dict(fields(e.get(3))), accepted))
            told = True

    def promise_step(self, s, p, e, verdict, accepted):
        action = e.get(2)
        must(not (action == 7 and e.get(1) in self.recovers), "a remedy was broken")
        if action in (1, 5):  # activate, speak
            wrong = p.state != ("proposed" if action == 1 else "approved") or (
                action == 1 and p.asked)
            self.judge(s, p, verdict, accepted, wrong, not self.authority.is_paid(p))
            p.spoken, p.nothing, p.state = True, False, "active"
            if verdict[1] == FLAGGED:
                for c in p.commitments:  # Owed again, if it had ended with the offer.
                    if c.called_off and c.settled == p.settled:
                        c.called_off, c.open, c.waiting, c.settled = False, True, True, 0
            p.settled = 0
        elif action in (4, 6, 8, 9):  # reject, expire, release, cancel
            for c in p.commitments:
                c.end(accepted)
            p.settled = accepted
            p.ended, p.nothing, p.state = action in (8, 9), True, "nothing"
            if e.get(4) is not None:
                p.commitments.append(Commitment(dict(fields(e.get(4))), accepted))
        elif action == 7:  # break
            p.settled = accepted
        elif action == 11:
            p.reopened += 1
        elif action in (2, 3):  # ask, approve
            p.state = "pending" if action == 2 else "approved"
            if e.get(7):
                p.pool, p.cost, p.grant = text(e.get(6)), e.get(7), text(e.get(8))
        else:
            must(action == 10, "a step that the reader does not know:", action)

    def commitment_step(self, p, c, e, accepted):
        action = e.get(2)
        if action in (1, 2, 3, 5):  # accept, decline, counter, fulfil
            c.acknowledged = c.acknowledged or accepted
            c.waiting = False
        if action == 5 and not c.fulfilled:
            c.fulfilled, c.reported = e.get(8), accepted
        elif action == 7:  # reopen
            c.reopened += 1
            c.fulfilled = c.reported = 0
        elif action == 8:  # violate
            c.open = c.waiting = False
        elif action in (9, 10):  # release, cancel
            c.end(accepted)
        elif action == 14:  # request again
            c.debtor = (e.get(4) or b"").decode() or c.debtor
            c.due = e.get(5) or c.due
            c.requested, c.acknowledged, c.ack_overdue = accepted, 0, False
            c.waiting = True
        elif action == 15:
            c.ack_overdue = True
        else:
            must(action in (1, 2, 4, 5, 6), "a step that the reader does not know:", action)
        if action in (6,):
            c.open = False


# ---- doc/scores.md, once more ----


def judge(evidence, due, called_off, as_of):
    if evidence:
        return "kept" if evidence <= due else "breached_late"
    if called_off:
        return "withdrawn"
    return "overdue_open" if due < as_of else "pending"


def evidence_of(c):
    return 0 if c.called_off and c.reported > c.settled else c.fulfilled


def for_the_end(p, c):
    return p.ended and c.action == TELL_CUSTOMER


def evidence_of_promise(p):
    latest = 0
    for c in p.commitments:
        at = evidence_of(c)
        if for_the_end(p, c) or (
                not at and c.called_off and not (p.ended and c.settled >= p.settled)):
            continue
        if not at:
            return 0
        latest = max(latest, at)
    return latest


def outcome_of(s, p, as_of):
    return judge(evidence_of_promise(p), p.due, p.ended or s.cancelled, as_of)


def outcome_of_debt(s, p, c, as_of):
    off = c.called_off
    if not for_the_end(p, c):
        off = off or p.ended or s.cancelled
    return judge(evidence_of(c), c.due, off, as_of)


def durations(pairs):
    took = [max(0, to - start) for start, to in pairs]
    return {"count": len(took), "total_ms": sum(took),
            "within": [sum(t <= b for t in took) for b in BOUNDS]}


def counts(outcomes):
    return {"count": len(outcomes), **{o: outcomes.count(o) for o in OUTCOMES}}


def recount(ledger, as_of, party=None, site=None, kind=None, start=0, end=None):
    """What GET /v1/scorecards is to say."""
    made, owed = collections.defaultdict(list), collections.defaultdict(list)
    for s in ledger.subjects.values():
        for p in s.promises.values():
            if not p.spoken or (kind and p.kind != kind) or p.made < start or (
                    end and p.made >= end):
                continue
            if party in (None, p.party) and site in (None, p.site):
                made[p.party, p.site, p.kind].append((s, p))
            for c in p.commitments:
                if site is None and party in (None, c.debtor):
                    owed[c.debtor, p.kind].append((s, p, c))
    return ([made_card(key, made[key], as_of) for key in sorted(made, key=order)],
            [owed_card(key, owed[key], as_of) for key in sorted(owed, key=order)])


def order(key):
    return (*key[:-1], list(KINDS.values()).index(key[-1]))


def made_card(key, promises, as_of):
    outcomes = [outcome_of(s, p, as_of) for s, p in promises]
    money, goods = collections.Counter(), 0
    for (s, p), outcome in zip(promises, outcomes):
        if p.kind in ("gift", "credit", "refund") and outcome != "withdrawn":
            money[p.currency] += p.amount
            goods += 0 if p.amount else p.quantity
    return {
        "party": key[0], "site": key[1], "kind": key[2], **counts(outcomes),
        "over_authority": sum(p.over for _, p in promises),
        "reopened": sum(p.reopened for _, p in promises),
        "recoveries": sum(p.recoveries for _, p in promises),
        "repeats": sum(any(q.spoken and q.made < p.made and q.reason == p.reason
                           for q in s.promises.values()) for s, p in promises),
        "goods": goods,
        "goodwill": [{"currency": c, "amount": n} for c, n in sorted(money.items()) if n],
        "settled": durations([(p.made, evidence_of_promise(p)) for _, p in promises
                              if evidence_of_promise(p)]),
    }


def owed_card(key, debts, as_of):
    return {
        "party": key[0], "kind": key[1],
        **counts([outcome_of_debt(s, p, c, as_of) for s, p, c in debts]),
        "unacknowledged": sum(c.waiting and not c.acknowledged for _, _, c in debts),
        "ack_overdue": sum(c.ack_overdue for _, _, c in debts),
        "reopened": sum(c.reopened for _, _, c in debts),
        "acknowledged": durations([(c.requested, c.acknowledged) for _, _, c in debts
                                   if c.acknowledged]),
        "settled": durations([(p.made, evidence_of(c)) for _, p, c in debts
                              if evidence_of(c)]),
    }

"""What was delegated, spent, and promised beyond it, counted from the entries of a ledger.

Knows doc/authority.md, doc/policy.md and the fields of the entries, and nothing of
troth's code.
"""

import collections
import re

from kit import fields, must

KINDS = "gift credit refund replacement repair redelivery delivery callback answer other".split()
SHARES = {100: "allotted", 102: "returned", 103: "spent", 104: "freed", 106: "lost"}
FIGURES = sorted(SHARES.values())


def text(value):
    """What a field says, where it is text."""
    return value.decode() if isinstance(value, bytes) else ""


def rules_of(policy):
    """The rules of a policy, in their order: {key: value as it is written}."""
    policy = re.sub(r"#.*", "", policy)
    found = re.search(r"\brules\s*:\s*\(([^()]*)\)", policy)
    return [{k: v.strip('"') for k, v in re.findall(r'(\w+)\s*=\s*("[^"]*"|\w+)\s*;', rule)}
            for rule in re.findall(r"\{([^{}]*)\}", found.group(1) if found else "")]


def fits(pattern, sku):
    if not pattern:
        return True
    return sku.startswith(pattern[:-1]) if pattern.endswith("*") else sku == pattern


def has_seen(p, position):
    """Its site had heard of what stands there."""
    return position is not None and p.seen >= position


def available(s):
    return max(0, s["allotted"] - s["spent"] + s["freed"] - s["returned"] - s["lost"])


class Grant:
    def __init__(self, e):
        self.kinds = e.get(3)
        self.skus = [text(dict(fields(v)).get(1)) for n, v in e.payload if n == 4]
        self.currency, self.most = text(e.get(5)), e.get(6)
        self.per_customer, self.period = e.get(7) or 0, e.get(8) or 0
        self.pool, self.level = text(e.get(9)), e.get(10) or 0
        self.start, self.end = e.get(11) or 0, e.get(12) or 0
        self.withdrawn = None  # At which position.

    def covers(self, p):
        return (self.kinds >> KINDS.index(p.kind) + 1 & 1 and self.currency == p.currency
                and (not self.skus or any(fits(s, p.sku) for s in self.skus))
                and p.told >= self.start and not (self.end and p.told >= self.end)
                and not has_seen(p, self.withdrawn))


class Authority:
    """What HQ has decided so far, entry by entry."""

    def __init__(self):
        self.policies, self.withdrawn = {}, {}
        self.pools, self.grants = {}, {}
        self.levels, self.suspended = {}, {}
        self.shares = collections.defaultdict(collections.Counter)
        self.spent = collections.Counter()  # By promise.
        self.overdrawn = set()  # Promises on which more was spent than the share had.
        self.given = []  # The promises that rest on grants.

    def read(self, e, accepted, position, flagged):
        """False: the entry is about something else."""
        if e.type == 24:
            self.policies[e.get(1)] = rules_of(text(e.get(2)))
        elif e.type == 25:
            self.withdrawn[e.get(1)] = accepted, position
        elif e.type == 70:
            self.pools[text(e.get(1))] = e.get(4) or 0
        elif 70 < e.type <= 75 or 100 <= e.type <= 106:
            self.of_party(e, text(e.get(1)), text(e.get(2)), accepted, position)
            must(flagged == (e.type == 103 and e.get(5) in self.overdrawn),
                 "a share is spent", "flagged" if flagged else "unflagged", e.payload)
        else:
            return False
        return True

    def of_party(self, e, party, name, accepted, position):
        if e.type == 71:
            self.grants[party, name] = Grant(e)
        elif e.type == 72:
            grant = self.grants[party, name]
            grant.end = min(grant.end or accepted, accepted)
            grant.withdrawn = position
        elif e.type == 73:
            self.levels[party, name] = e.get(3) or 0, e.get(4) or 0
        elif e.type == 74:
            self.suspended[party] = accepted, position
        elif e.type == 75:
            del self.suspended[party]
        else:
            self.share(e, self.shares[party, name, text(e.get(3))])

    def share(self, e, share):
        amount = e.get(4) or 0
        if e.type == 103:
            sound = not share["frozen"] and amount <= available(share)
            (self.overdrawn.discard if sound else self.overdrawn.add)(e.get(5))
        if e.type in SHARES:
            share[SHARES[e.type]] += amount
        if e.type in (103, 104):
            self.spent[e.get(5)] += amount if e.type == 103 else -amount
        if e.type == 101:
            share["recalled"] = amount
        elif e.type == 102:
            share["recalled"] = max(0, share["recalled"] - amount)
        elif e.type in (105, 106):
            share["frozen"] = int(e.type == 105)

    def is_beyond(self, p):
        """What was or is to be told on this promise is more than its maker may tell."""
        return bool(self.policies) and not self.is_inside(p)

    def is_inside(self, p):
        rules = self.policies.get(p.policy_version)
        since, position = self.withdrawn.get(p.policy_version, (p.told + 1, None))
        if rules is None or p.told >= since or has_seen(p, position):
            return False
        rule = next((r for r in rules if r.get("kind", p.kind) == p.kind
                     and fits(r.get("sku"), p.sku)), None)
        cost = p.amount or p.quantity or 1
        if rule is None or rule.get("forbidden") == "true" or cost > int(
                rule.get("most", cost)):
            return False
        grant = self.grants.get((p.party, p.grant))
        since, position = self.suspended.get(p.party, (p.told + 1, None))
        if p.told >= since or has_seen(p, position) or grant is None:
            return False
        return (grant.covers(p) and grant.pool == p.pool and p.cost == cost <= grant.most
                and self.is_certified(p, grant) and self.is_left(p, grant, cost))

    def is_certified(self, p, grant):
        level, until = self.levels.get((p.party, p.actor), (0, 0))
        return not grant.level or (level >= grant.level and not (until and p.told >= until))

    def is_left(self, p, grant, cost):
        return not grant.per_customer or cost + sum(
            q.cost for q in self.given
            if q is not p
            and (q.party, q.grant, q.customer) == (p.party, p.grant, p.customer)
            and abs(q.written - p.written) <= grant.period
            and not q.nothing) <= grant.per_customer

    def is_paid(self, p):
        return not p.pool or (self.spent[p.id] > 0 and p.id not in self.overdrawn)

    def books(self):
        """What GET /v1/shares is to say: its items and its pools, by names."""
        items = {}
        pools = {name: {"total": total, "out": 0, "spent": 0, "lost": 0}
                 for name, total in self.pools.items()}
        for (party, site, pool), s in self.shares.items():
            items[party, site, pool] = {
                **{f: s[f] for f in FIGURES}, "available": available(s),
                "recalled": s["recalled"], "frozen": bool(s["frozen"])}
            pools[pool]["out"] += s["allotted"] - s["returned"]
            pools[pool]["spent"] += s["spent"] - s["freed"]
            pools[pool]["lost"] += s["lost"]
        for p in pools.values():
            p["free"] = p["total"] - p["out"]
        return items, pools

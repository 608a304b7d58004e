#!/usr/bin/env python3
"""Processes that die at any moment, under load."""

from kit import federation, main, moment, must, say, settle, start, until
from load import Load

ROUNDS = 40


def restart(node):
    """Starts a node that was killed; what it says of itself must be no surprise."""
    node.start()
    for line in node.lines[node._mark:]:
        must(line.level != "error", node.name, "after a kill:", line.text)


def killed_at_any_moment_nothing_acknowledged_is_lost(directory, rng, rounds):
    """
    Each round kills one or two nodes with SIGKILL at a random moment while all are
    under load; a second victim may stay down for a while.
    """
    fed = federation(directory)
    down = []
    with fed:
        start(fed)
        with Load(fed, directory, rng) as load:
            load.journal.wait_more(20)
            for n in range(rounds or ROUNDS):
                victims = rng.sample([x for x in fed.nodes() if x not in down],
                                     rng.choice([1, 1, 2]))
                moment(rng, 0.4)
                for node in victims:
                    node.kill()
                moment(rng, 0.2)
                for node in down:
                    restart(node)
                down = [victims.pop()] if len(victims) == 2 and rng.random() < 0.7 else []
                for node in victims:
                    restart(node)
                load.look()
                if not down:
                    load.journal.wait_more(rng.randrange(1, 60))
                if (n + 1) % 20 == 0:
                    say("%d rounds, %d acknowledged" % (n + 1, load.journal.count()))
            for node in down:
                restart(node)
            load.finish()
        settle(fed, 60)
        same_state_everywhere(fed, load)
        codes = fed.stop()
        must(set(codes.values()) == {0}, "exit codes", codes)
        load.check()


def same_state_everywhere(fed, load):
    """What the APIs say of a sample of orders is the same at every node that has it."""
    def told(node, which):
        answer = node.get("/v1/orders/%s" % which)
        return None if answer.status == 404 else {
            k: answer.body.get(k) for k in ("state", "revision", "promises", "commitments")
        }

    listed = fed.central.must_get("/v1/orders?limit=50")["items"]
    must(len(listed) > 0, "central lists no orders")
    for item in listed:
        ident = item["id"]
        want = told(fed.central, ident)
        for g in fed.gateways.values():
            until(lambda g=g: "%s of %s is %s, not %s" % (
                      ident, g.name, told(g, ident), want),
                  lambda g=g: told(g, ident) in (None, want))


if __name__ == "__main__":
    main({
        "killed-at-any-moment-nothing-acknowledged-is-lost":
            killed_at_any_moment_nothing_acknowledged_is_lost,
    })

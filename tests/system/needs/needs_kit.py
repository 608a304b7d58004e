"""What the tests of needs share: a federation of real processes, and people in it.

Each file n03_something.py of this directory shows that one need of the people whom
troth serves is met. Every function of it whose one argument is called `directory` is
a test, and its name is the sentence that it shows:

    from needs_kit import Needs, main, must

    def who_is_asked_answers(directory):
        with Needs(directory) as fed:
            ann = fed.person("acme/manila", "ann", "agent")
            case = ann.must_post("/v1/cases", {"customer": "c-1", "reason": "late"})
            fed.central.wait_get("/v1/cases/" + case["id"], lambda a: a.status == 200)

    if __name__ == "__main__":
        main()

CMake finds files and functions by itself and names the tests
system.needs.n03_something.who-is-asked-answers. By hand:

    TROTH_PROGRAM=build/dev/troth python3 -B tests/system/needs/n03_something.py all

The directory is the test's own; it stays if the test fails. Nothing sleeps: wait with
wait_until, person.wait_get, node.wait_log or Events, which all have a bound.
"""

import inspect
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "faults"))

import kit  # noqa: E402
from kit import Fault, Skip, must, need, run, say  # noqa: E402,F401
from kit import until as wait_until  # noqa: E402,F401
from relay import Relay  # noqa: E402
from troth_nodes import Events, Federation, NodeError, WAIT_S  # noqa: E402,F401

BRAND = "brand"
HQ, VENDOR, VENDOR_2 = "brand/hq", "acme/manila", "bolt/pune"
SELLER, CARRIER = "shop/s1", "fastship/d1"
SITES = (HQ, VENDOR, VENDOR_2, SELLER, CARRIER)
ROLES = {"shop": "seller", "fastship": "carrier"}
SCOPES = "agent dispatcher approver manager integration read"


class Person:
    """Somebody at a node, with a token of certain scopes; the actor of what they do."""

    def __init__(self, node, name, scopes):
        self.node = node
        self.name = name
        self.token = node.must_post("/v1/tokens", {"name": name, "scopes": scopes})["token"]

    def get(self, path, **options):
        return self.node.get(path, token=self.token, **options)

    def post(self, path, body=None, **options):
        return self.node.post(path, body, token=self.token, **options)

    def must_get(self, path, **options):
        return self.node.must_get(path, token=self.token, **options)

    def must_post(self, path, body=None, **options):
        return self.node.must_post(path, body, token=self.token, **options)

    def wait_get(self, path, wanted, **options):
        return self.node.wait_get(path, wanted, token=self.token, **options)

    def events(self, **options):
        return Events(self.node, self.token, **options)


class Needs(Federation):
    """
    Central and the gateways of `sites`, with real certificates, registered, started
    and linked on entry. Every gateway reaches central through a relay of its own, so
    that its link can be cut. `clock`: where simulated clocks begin. `roles`: of the
    parties that are neither vendors nor the brand.
    """

    def __init__(self, directory, sites=SITES, brand=BRAND, roles=None, **options):
        config = {"log_level": "info", **options.pop("config", {})}
        gateways = {**kit.QUICK_GATEWAY, **options.pop("gateways", {})}
        central = {**kit.QUICK_CENTRAL, **options.pop("central", {})}
        super().__init__(directory / "fed", list(sites), config=config,
                         gateways=gateways, central=central, **options)
        self.brand = brand
        self.roles = ROLES if roles is None else roles
        self.relays = {}
        self._people = {}

    def __enter__(self):
        try:
            self.central.start()
            self.register(self.brand, self.roles)
            for site, gateway in self.gateways.items():
                self.relays[site] = Relay(self.central.bus)
                gateway.config["central"] = self.relays[site].address
            self.start()
            self.settle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        super().__exit__(*exc)
        for relay in self.relays.values():
            relay.close()

    @property
    def hq(self):
        return self.gateway(HQ)

    @property
    def vendor(self):
        return self.gateway(VENDOR)

    @property
    def seller(self):
        return self.gateway(SELLER)

    @property
    def carrier(self):
        return self.gateway(CARRIER)

    def person(self, site, name, scopes=SCOPES):
        """`site`: "party/site" or "central". The same person each time."""
        if (site, name) not in self._people:
            node = self.central if site == "central" else self.gateway(site)
            self._people[site, name] = Person(node, name, scopes)
        return self._people[site, name]

    def cut(self, *sites):
        """Cuts the links of `sites` (of all, if none is named) and waits until they know."""
        for site in sites or self.sites:
            self.relays[site].refuse(True)
            self.relays[site].cut()
        for site in sites or self.sites:
            g = self.gateway(site)
            wait_until(site + " notices", lambda g=g: not g.must_get("/v1/status")["link"]["up"])

    def heal(self, *sites):
        """Lets them through again and waits until they are up."""
        for site in sites or self.sites:
            self.relays[site].refuse(False)
        for site in sites or self.sites:
            g = self.gateway(site)
            wait_until(site + " is up", lambda g=g: g.must_get("/v1/status")["link"]["up"])

    def settle(self, *sites):
        """All have handed over what they have and hold all that they may see."""
        kit.settle(self, sites=list(sites) or None)


def datasets():
    """Where the public data sets lie; skips the test if they are not on this machine."""
    top = pathlib.Path(os.environ.get("TROTH_DATASETS", ""))
    if not (top / "expected.json").is_file():
        raise Skip("TROTH_DATASETS (%s) has no expected.json" % top)
    return top


def main():
    """Runs the sentence that the command line names, or `all`."""
    found = vars(sys.modules["__main__"])
    tests = {}
    for name, test in found.items():
        if inspect.isfunction(test) and list(inspect.signature(test).parameters) == [
                "directory"]:
            tests[name.replace("_", "-")] = (
                lambda directory, rng, rounds, test=test: test(directory))
    kit.main(tests)

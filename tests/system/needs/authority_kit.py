"""What the tests of delegated authority share: HQ delegates, agents ask."""

from needs_kit import must

CREDIT = {"kind": "credit", "currency": "EUR", "reason": "late_delivery"}
GIFT = {"kind": "gift", "sku": "HDMI-2M", "quantity": 1, "reason": "late_delivery"}

# Everything that the tests ask for; one that wants other rules publishes its own.
POLICY = """
rules: (
	{ kind = "gift"; earliest = "1 hour"; offer = "30 minutes"; say = "gift"; },
	{ kind = "credit"; most = 100000; earliest = "1 hour"; offer = "30 minutes"; },
	{ kind = "refund"; forbidden = true; }
);
routes: ( { kind = "credit"; owed: ( { debtor = "brand"; action = "pay"; } ); } );
phrases: { gift: { en = "You get a cable with it."; de = "Sie bekommen ein Kabel dazu."; }; };
"""


def publish(fed, text=POLICY):
    """HQ publishes the next version of its policy; every gateway has it. The version."""
    hq = fed.person("central", "max")
    version = hq.must_post("/v1/policies", {"text": text})["version"]
    known_everywhere(fed, lambda p: p["version"] == version)
    return version


def withdraw(fed, version):
    fed.person("central", "max").must_post(
        "/v1/policies/withdraw", {"version": version, "reason": "mistaken"})


def known_everywhere(fed, wanted, sites=None):
    for site in sites or fed.sites:
        fed.gateway(site).wait_get(
            "/v1/policies", lambda a: any(wanted(p) for p in a.body["items"]))


def delegate(fed, parties, grant, pool=None):
    """A pool, the same grant of it to each party, and a share for each of their sites."""
    hq = fed.person("central", "max")
    if pool:
        hq.must_post("/v1/pools", pool)
        grant = {**grant, "pool": pool["pool"]}
    for party in parties:
        hq.must_post("/v1/grants", {"party": party, **grant})
    for site in fed.sites:
        if site.split("/")[0] in parties:
            allotted(fed, site, grant["grant"], pool)


def allotted(fed, site, grant, pool):
    party, name = site.split("/")
    gateway = fed.gateway(site)
    gateway.wait_get("/v1/grants?party=" + party, lambda a: a.status == 200 and any(
        g["grant"] == grant for i in a.body["items"] for g in i["grants"]))
    if pool:
        gateway.wait_get("/v1/shares?party=" + party, lambda a: any(
            s["site"] == name and s["available"] > 0 for s in a.body["items"]
            if s["pool"] == pool["pool"]))


def available(fed, site, pool):
    """What the site itself knows that it may still spend."""
    party, name = site.split("/")
    return sum(s["available"] for s in fed.gateway(site).must_get(
        "/v1/shares?party=" + party)["items"] if s["site"] == name and s["pool"] == pool)


def as_documented(node, name, value):
    """Holds an answer against its schema: what must be there, and nothing else."""
    schemas = node.must_get("/v1/openapi.json")["components"]["schemas"]

    def hold(schema, value, where):
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
        if isinstance(value, dict):
            must(set(schema["required"]) <= set(value) <= set(schema["properties"]), where,
                 sorted(value))
            for member in value:
                hold(schema["properties"][member], value[member], where + "." + member)
        elif isinstance(value, list):
            for one in value:
                hold(schema["items"], one, where + "[]")
        else:
            must("enum" not in schema or value in schema["enum"], where, value)

    hold(schemas[name], value, name)


def ask(agent, path, question, answer, reason=None, **options):
    """Asks, and holds the answer against what it must be. The answer."""
    got = agent.post(path + "/may-i", question, **options)
    must(got.status == (200 if answer == "no" else 201), got)
    must(got.body["answer"] == answer and got.body.get("reason") == reason, question,
         got.body)
    must(("promise" in got.body) == (answer != "no"), got.body)
    as_documented(agent.node, "MayIAnswer", got.body)
    return got.body


def order_seen_by_all(fed, sales, vendors):
    """An order that carrier and brand see, and the vendors too, by cases. Its path."""
    placed = sales.must_post("/v1/orders", {
        "customer": "c-1", "seller": "shop", "carrier": "fastship", "currency": "EUR",
        "lines": [{"sku": "TV-55", "quantity": 1, "unit_price": 49900}]})
    path = "/v1/orders/" + placed["id"]
    fed.central.wait_get(path, lambda a: a.status == 200)
    for agent in vendors:
        case = agent.must_post("/v1/cases", {"customer": "c-1", "reason": "late_delivery"})
        agent.must_post(path + "/cases", {"case": case["id"]})
        agent.wait_get(path, lambda a: a.status == 200)
    fed.settle()
    return path

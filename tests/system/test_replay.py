"""Real orders and cases through real processes, against answers computed elsewhere.

    test_replay.py SENTENCE        exit 77: the data is not on this machine

$TROTH_DATASETS holds the public sets and their answers (olist/, boston311/,
expected.json).
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from troth_nodes import Federation, program

HERE = pathlib.Path(__file__).resolve().parent
SMALL = HERE.parent / "data" / "olist-small"
CASES = HERE.parent / "data" / "boston311-small"
SMALL_AS_OF = "2018-03-01T00:00:00Z"
SKIPPED = 77


def run(*arguments, code=0):
    """Runs `troth ...`; returns (stdout, stderr)."""
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != code:
        raise AssertionError("%s: exit code %d, not %d:\n%s" % (
            " ".join(map(str, arguments)), done.returncode, code, done.stderr))
    return done.stdout, done.stderr


def differences(want, got, path=""):
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(set(want) | set(got)):
            if key not in want or key not in got:
                yield "%s/%s: only in what was %s" % (
                    path, key, "wanted" if key in want else "got")
            else:
                yield from differences(want[key], got[key], path + "/" + key)
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, (a, b) in enumerate(zip(want, got)):
            yield from differences(a, b, "%s[%d]" % (path, i))
    elif want != got or isinstance(want, bool) != isinstance(got, bool):
        yield "%s: %r, not %r" % (path, got, want)


def compare(want, text, rule=None):
    """`rule`: of the answers by both rules of Olist, the one that is meant."""
    want = dict(want)
    if rule is not None:
        of_rule = want["delivery_promise"][rule]
        want["delivery_promise"] = {**of_rule, rule: of_rule}
    found = list(differences(want, json.loads(text)))
    if found:
        raise AssertionError("%d differences:\n%s" % (len(found), "\n".join(found[:20])))


def data(name):
    """The public set's directory and its answers."""
    top = pathlib.Path(os.environ.get("TROTH_DATASETS", ""))
    if not (top / "expected.json").is_file() or not (top / name).is_dir():
        print("skipped: TROTH_DATASETS (%s) has no %s/ and expected.json" % (top, name))
        sys.exit(SKIPPED)
    return top / name, json.loads((top / "expected.json").read_text())[name]


def small_expected(directory=SMALL):
    return json.loads((directory / "expected.json").read_text())


def no_logs_of_trouble(directory):
    """A replay may be killed, but no two nodes may come to different states."""
    for log in pathlib.Path(directory).glob("*.log"):
        bad = [l for l in log.read_text().splitlines() if l.startswith("error ")]
        if bad:
            raise AssertionError("%s: %s" % (log, "\n".join(bad[:5])))


# ---- The small set ----


def a_small_set_comes_to_what_was_computed_by_hand():
    for rule, name in (("instant", "instant"), ("end-of-day", "end_of_day")):
        out, _ = run("replay-run", "olist", SMALL, "--as-of", SMALL_AS_OF, "--rule", rule,
                     "--at", "both", "--json", "--quiet")
        compare(small_expected(), out, name)


def a_replay_that_is_killed_everywhere_comes_to_the_same():
    with tempfile.TemporaryDirectory() as top:
        keep = pathlib.Path(top) / "kept"
        out, err = run("replay-run", "olist", SMALL, "--as-of", SMALL_AS_OF, "--at",
                       "both", "--json", "--kill=3", "--keep", keep)
        if "--seed=" not in err:
            raise AssertionError("it does not say how to do that again: " + err)
        compare(small_expected(), out, "instant")
        no_logs_of_trouble(keep)


def small_cases_come_to_what_was_computed_by_hand():
    out, _ = run("replay-run", "boston311", CASES, "--as-of", SMALL_AS_OF, "--at", "both",
                 "--json", "--quiet")
    compare(small_expected(CASES), out)
    out, _ = run("replay-run", "boston311", CASES, "--as-of", SMALL_AS_OF, "--quiet")
    if "15 cases, as of 2018-03-01 00:00:00" not in out or "breached_late      3" not in out:
        raise AssertionError(out)


def cases_whose_replay_is_killed_everywhere_come_to_the_same():
    with tempfile.TemporaryDirectory() as top:
        keep = pathlib.Path(top) / "kept"
        out, _ = run("replay-run", "boston311", CASES, "--as-of", SMALL_AS_OF, "--at",
                     "both", "--json", "--kill=3", "--keep", keep)
        compare(small_expected(CASES), out)
        no_logs_of_trouble(keep)


def a_data_set_is_one_of_those_that_are_known():
    wrong = [(["scms", CASES], "\"scms\": the data sets are olist and boston311"),
             (["boston311"], "too few arguments"),
             (["boston311", CASES, "--rule", "instant"], "--rule says nothing of boston311"),
             (["boston311", SMALL], "cases.csv.gz: there is no such file"),
             (["olist", CASES], ": there is no orders and no order_items (.csv.gz or .csv)"),
             (["boston311", CASES, "--as-of", "2018-02-21T09:59:59Z"],
              "before the last step, which is at 2018-02-21T10:00:00.000Z")]
    for arguments, says in wrong:
        _, err = run("replay-run", *arguments, code=2)
        if says not in err:
            raise AssertionError("%s, not %s" % (err, says))


def nothing_is_left_of_a_federation_that_was_thrown_away():
    with tempfile.TemporaryDirectory() as top:
        os.environ["TMPDIR"] = top
        run("replay-run", "olist", SMALL, "--as-of", SMALL_AS_OF, "--report", "--quiet")
        left = list(pathlib.Path(top).iterdir())
        if left:
            raise AssertionError("left behind: %s" % left)


def a_federation_of_its_own_does_not_obey_what_is_set_for_another():
    """TROTH_<KEY> overrides a node's configuration: not that of these nodes."""
    with tempfile.TemporaryDirectory() as top:
        os.environ["TROTH_DATA_DIR"] = top
        os.environ["TROTH_CLOCK"] = "real"
        run("replay-run", "olist", SMALL, "--as-of", SMALL_AS_OF, "--report", "--quiet")
        left = list(pathlib.Path(top).iterdir())
        if left:
            raise AssertionError("written there: %s" % left)


def files_that_are_not_as_they_must_be_are_named_with_their_line():
    wrong = [
        ("orders", "2018-01-09 10:00:00,2018-01-09 10:30", "2018-01-09 25:00:00,x",
         "orders.csv:2: order_purchase_timestamp \"2018-01-09 25:00:00\": not a time"),
        ("orders", "a001,c1", "a009,c1", "order a009 is there twice"),
        ("orders", "a003,c3,canceled", "a003,c3,canceled,",
         "orders.csv:5: 9 fields, where there are 8 columns"),
        ("order_items", "7.5,1", "7.555,1", "order_items.csv:3: price \"7.555\""),
        ("order_items", "s2,a008,2", "s2,a008,1", "item 1 of order a008 is there twice"),
        ("order_items", "s3,a005", "s/3,a005", "seller_id \"s/3\": has a /"),
        ("reviews", "r1,a001,5", "r1,a001,6", "reviews.csv:2: review_score \"6\""),
        ("reviews", "r3,a009,3,\"\"", "r3,a009,3,\"\"x", "text behind a closing quote"),
        ("cases", "1001,2018-01-01 09:00:00", "1001,",
         "cases.csv:3: open_dt \"\": not a time"),
        ("cases", "1001,2018", "1009,2018", "case 1009 is there twice"),
        ("cases", ",Open,Rats", ",An open case it is,Rats",
         "cases.csv:5: case_status \"An open case it is\": not text of 1 to 15 bytes"),
        ("cases", "HLTH_All,HLTH", "HLTH_All,HL/TH", "department \"HL/TH\": has a /"),
        ("cases", "HLTH_All,HLTH", "HLTH_All,%s" % ("H" * 33), "department \"HHHH"),
        ("cases", "General,Question", "(General),Question", "reason \"(General)\""),
        ("cases", "INFO_Desk,INFO", "%s,INFO" % ("q" * 81), "queue \"qqqq"),
        ("cases", ",queue,", ",tail,", "queue"),
    ]
    for name, before, after, says in wrong:
        small, known = (CASES, "boston311") if name == "cases" else (SMALL, "olist")
        with tempfile.TemporaryDirectory() as top:
            copy = pathlib.Path(top) / "set"
            shutil.copytree(small, copy)
            text = (copy / (name + ".csv")).read_bytes().decode()
            if before not in text:
                raise AssertionError("%s: no %s to change" % (name, before))
            text = text.replace(before, after, 1)
            (copy / (name + ".csv")).write_bytes(text.encode())
            _, err = run("replay-run", known, copy, code=2)
            if says not in err:
                raise AssertionError("%s, not %s" % (err, says))
    _, err = run("replay-run", "olist", SMALL, "--as-of", "2018-02-01T00:00:00Z", code=2)
    if "before the last step, which is at 2018-02-20T10:00:00.000Z" not in err:
        raise AssertionError(err)


def an_order_has_55_items_and_not_one_more():
    with tempfile.TemporaryDirectory() as top:
        copy = pathlib.Path(top) / "set"
        shutil.copytree(SMALL, copy)
        items = copy / "order_items.csv"
        for n in range(2, 56):
            with items.open("a") as f:
                f.write("s%d,a001,%d,p1,2018-01-04 00:00:00,1,0\n" % (n % 20, n))
        out, _ = run("replay-run", "olist", copy, "--as-of", SMALL_AS_OF, "--json",
                     "--quiet", "--at", "both")
        totals = json.loads(out)["seller_handover_promise"]["totals"]
        if totals["kept"] != 4 + 54:
            raise AssertionError(totals)
        with items.open("a") as f:
            f.write("s1,a001,56,p1,2018-01-04 00:00:00,1,0\n")
        _, err = run("replay-run", "olist", copy, code=2)
        if "order_items.csv:67: order a001 has more than 55 items" not in err:
            raise AssertionError(err)


# ---- A federation that runs ----

SITES = ["market/shop", "carrier/depot", "service/desk", "olist/hq2"]
SCOPES = "agent dispatcher approver manager integration read"


CASE_SITES = ["calls/desk", "field/depot", "office/hall", "boston/hq2"]


class Running:
    """A federation for `troth replay`, with a token file for each node."""

    def __init__(self, top, clock, sites=None, brand="olist"):
        self.fed = Federation(top, sites or SITES, clock=clock)
        self.fed.start()
        self.fed.register(brand, {"market": "seller", "carrier": "carrier"})
        self.arguments = []
        for node in self.fed.nodes():
            answer = node.must_post("/v1/tokens", {"name": "replay", "scopes": SCOPES})
            file = node.dir / "replay.token"
            file.write_text(answer["token"] + "\n")
            self.arguments += ["--token-file", file,
                               "--central" if node is self.fed.central else "--gateway",
                               node.api[0]]


def begin(running, name, directory):
    return subprocess.Popen(
        [program(), "replay", name, str(directory), "--as-of", SMALL_AS_OF,
         *map(str, running.arguments)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True)


def an_interrupted_replay_goes_on_where_it_stood():
    """The replay itself is killed again and again, each time a little later."""
    with tempfile.TemporaryDirectory() as top:
        running = Running(pathlib.Path(top) / "fed", "2017-12-31T00:00:00Z")
        with running.fed:
            central = running.fed.central
            sizes = []
            for wanted in (8, 14, 20, 30):
                process = begin(running, "olist", SMALL)
                central.wait_get("/v1/status", lambda a, w=wanted: a.body["stream_len"] > w)
                process.kill()
                process.wait()
                sizes.append(central.must_get("/v1/status")["stream_len"])
            out, _ = run("replay", "olist", SMALL, "--as-of", SMALL_AS_OF, "--json",
                         "--quiet", "--at", "both", *running.arguments)
            compare(small_expected(), out, "instant")
            scores_add_up(running, json.loads(out))
            # What is told twice is told in vain.
            size = central.must_get("/v1/status")["stream_len"]
            out, _ = run("replay", "olist", SMALL, "--as-of", SMALL_AS_OF, "--json",
                         "--quiet", *running.arguments)
            compare(small_expected(), out, "instant")
            if central.must_get("/v1/status")["stream_len"] != size:
                raise AssertionError("a finished replay added entries")


def an_interrupted_replay_of_cases_goes_on_where_it_stood():
    with tempfile.TemporaryDirectory() as top:
        running = Running(pathlib.Path(top) / "fed", "2017-12-31T00:00:00Z", CASE_SITES,
                          "boston")
        with running.fed:
            central = running.fed.central
            for wanted in (15, 30, 45, 60):
                process = begin(running, "boston311", CASES)
                central.wait_get("/v1/status", lambda a, w=wanted: a.body["stream_len"] > w)
                process.kill()
                process.wait()
            replay = ("replay", "boston311", CASES, "--as-of", SMALL_AS_OF, "--json",
                      "--quiet", "--at", "both", *running.arguments)
            compare(small_expected(CASES), run(*replay)[0])
            size = central.must_get("/v1/status")["stream_len"]
            compare(small_expected(CASES), run(*replay)[0])
            if central.must_get("/v1/status")["stream_len"] != size:
                raise AssertionError("a finished replay added entries")
            cases = central.must_get("/v1/cases?customer=caller-1001")["items"]
            if [c["state"] for c in cases] != ["closed"]:
                raise AssertionError(cases)


def scores_add_up(running, report):
    """`troth score` says by action, party and month what the report says."""
    names = ("kept", "breached_late", "withdrawn", "overdue_open", "pending",
             "kept_ratio", "kept_ratio_strict")
    hand_over = report["seller_handover_promise"]

    def score(*arguments):
        out, _ = run("score", "--api", running.fed.central.api[0], "--token-file",
                     running.arguments[1], "--as-of", SMALL_AS_OF, "--json", *arguments)
        return json.loads(out)

    def check(group, want):
        for name in names:
            if name in want and group[name] != want[name]:
                raise AssertionError("%s: %s, not %s" % (name, group, want))

    by_action = {g["action"]: g for g in score("--by", "action")["groups"]}
    check(by_action["hand_over"], hand_over["totals"])
    check(by_action["deliver"], report["delivery_promise"]["instant"]["totals"])
    if by_action["tell_customer"]["overdue_open"] != 1:
        raise AssertionError(by_action)
    by_party = {g["party"]: g for g in score("--by", "party")["groups"]}
    for seller in hand_over["top_50_sellers"]:
        check(by_party[seller["id"]], seller)
    months = {(g["action"], g["month"]): g for g in score("--by", "action,month")["groups"]}
    for month, want in hand_over["by_due_month"].items():
        check(months["hand_over", month], want)
    kinds = {g["action"]: g for g in score("--promises", "--by", "action")["groups"]}
    check(kinds["delivery"], report["delivery_promise"]["instant"]["totals"])
    table, _ = run("score", "--api", running.fed.central.api[0], "--token-file",
                   running.arguments[1], "--as-of", SMALL_AS_OF)
    if table.splitlines()[-1].split()[0] != "total":
        raise AssertionError(table)
    run("score", "--by", "party,party", code=2)
    run("score", "--as-of", "yesterday", code=2)


def a_federation_with_another_history_is_left_alone():
    for clock in ("2018-01-05T00:00:00Z", "2018-04-01T00:00:00Z"):
        with tempfile.TemporaryDirectory() as top:
            running = Running(pathlib.Path(top) / "fed", clock)
            with running.fed:
                _, err = run("replay", "olist", SMALL, "--as-of", "2018-05-01T00:00:00Z",
                             *running.arguments, code=1)
            if "the history of this federation is another one" not in err:
                raise AssertionError(err)


def a_real_clock_is_refused():
    with tempfile.TemporaryDirectory() as top:
        running = Running(pathlib.Path(top) / "fed", None)
        with running.fed:
            _, err = run("replay", "olist", SMALL, "--as-of", SMALL_AS_OF,
                         *running.arguments, code=1)
            if "its clock is not simulated" not in err:
                raise AssertionError(err)


def a_replay_needs_a_gateway_of_each_role():
    with tempfile.TemporaryDirectory() as top:
        running = Running(pathlib.Path(top) / "fed", "2017-12-31T00:00:00Z")
        with running.fed:
            _, err = run("replay", "olist", SMALL, "--as-of", SMALL_AS_OF,
                         *running.arguments[:8], code=1)
            if "needs one of each" not in err:
                raise AssertionError(err)


# ---- The public set ----


def the_public_set_at_both_places_while_everything_is_killed():
    files, expected = data("olist")
    with tempfile.TemporaryDirectory() as top:
        keep = pathlib.Path(top) / "kept"
        out, err = run("replay-run", "olist", files, "--at", "both", "--json", "--kill",
                       "--keep", keep)
        print(err)
        compare(expected, out, "instant")
        no_logs_of_trouble(keep)


def the_public_set_by_whole_days():
    files, expected = data("olist")
    out, err = run("replay-run", "olist", files, "--rule", "end-of-day", "--json")
    print(err)
    compare(expected, out, "end_of_day")


def the_public_cases_at_both_places_while_everything_is_killed():
    files, expected = data("boston311")
    with tempfile.TemporaryDirectory() as top:
        keep = pathlib.Path(top) / "kept"
        out, err = run("replay-run", "boston311", files, "--at", "both", "--json", "--kill",
                       "--keep", keep)
        print(err)
        compare(expected, out)
        no_logs_of_trouble(keep)


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()

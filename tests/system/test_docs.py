#!/usr/bin/env python3
"""
The manuals, as somebody follows them who copies every command: a federation is made,
run, backed up, put back and left by the blocks of doc/*.md, in an order in which each
page finds what it needs.

`ord_...` in a command is the id of that kind that was shown last. Places of a system
(/etc/troth) become places below the test's directory, systemctl starts and stops what
it would, and a command waits until every node knows what was done before.
"""

import os
import pathlib
import re
import subprocess
import sys
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from test_daemons import NEVER, InDirectory  # noqa: E402
from troth_nodes import DOMAIN, WAIT_S, Node, program  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
DOC = TOP / "doc"
PLACES = (
    ("/usr/share/troth/examples", str(TOP / "dist")),
    ("/usr/share/doc/troth", str(DOC)),
    ("-I proto", "-I %s/proto" % TOP),
    ("/etc/troth", "{dir}/etc"),
    ("/var/lib/troth", "{dir}/lib"),
    ("/var/backups", "{dir}/backups"),
)
# What the manuals do on purpose: renew a key, put a store back.
PROVOKED = {"restored_store", "seal"}
ID = r"\b([a-z]{3}_)[0-9a-z]{26}\b"


def sections(page):
    """{heading: [block, ...]} of a page; a block is a list of lines."""
    found, blocks, lines, fenced = {}, [], [], False

    def end_block():
        if lines:
            blocks.append(list(lines))
            lines.clear()

    for line in (DOC / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        heading = re.match(r"#+ (.*)", line)
        if heading and not fenced:
            end_block()
            blocks = found.setdefault(heading.group(1), [])
        elif line.startswith("    ") and not fenced:
            lines.append(line[4:])
        else:
            end_block()
    end_block()
    return found


def commands(lines):
    """The lines of a block, joined where bash sees that a command goes on."""
    out, part = [], ""
    for line in lines:
        part += line
        whole = subprocess.run(["bash", "-n", "-c", part], stderr=subprocess.DEVNULL,
                               check=False).returncode == 0
        if whole and not part.endswith("\\"):
            out.append(part)
            part = ""
        else:
            part += "\n"
    assert not part, "no end of: " + part
    return out


class Placed(Node):
    """A node whose configuration is the one that the manual had copied."""

    def __init__(self, at, name, kind, file):
        fed = types.SimpleNamespace(domain=DOMAIN, dir=at, pki=at / "etc", program=program())
        super().__init__(fed, name, {})
        self.kind, self.conf = kind, at / "etc" / (file + ".conf")
        self.data, self.token_file = at / "lib" / file, at / "lib" / (file + ".token")
        self.env = {"TROTH_MAP_GIB": "4", "TROTH_MAP_MAX_GIB": "16", "TROTH_RESERVE_MIB": "1",
                    "TROTH_LOG_LEVEL": "debug", "TROTH_API_LISTEN": "127.0.0.1:0"}
        if kind == "central":
            self.env["TROTH_LISTEN"] = "127.0.0.1:0"

    def write_config(self):
        """It is there; but the next start takes the same ports."""
        if self.api:
            self.env["TROTH_API_LISTEN"] = self.api[0].split("://")[1]
            if self.kind == "central":
                self.env["TROTH_LISTEN"] = self.bus


class Follower(InDirectory):
    """Runs commands of manuals in a directory of its own."""

    def setUp(self):
        super().setUp()
        for name in ("etc/central", "lib", "backups", "hq"):
            (self.dir / name).mkdir(parents=True)
        (self.dir / "bin").mkdir()
        (self.dir / "bin/troth").symlink_to(program())
        self.nodes, self.ids, self.pages = {}, {}, {}
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("TROTH_")}
        self.env["PATH"] = "%s:%s" % (self.dir / "bin", self.env["PATH"])
        self.addCleanup(self.end)

    def end(self):
        for node in self.nodes.values():
            if node.running():
                node.kill()
            for line in node.lines:
                self.assertNotIn(line.event, NEVER - PROVOKED, "%s: %s" % (node.name, line))

    # ---- One command ----

    def placed(self, command):
        command = re.sub(r"^troth (central|gateway)\b",
                         r"troth \1 --config /etc/troth/\1.conf", command)
        for was, now in PLACES:
            command = command.replace(was, now.format(dir=self.dir))
        for port, name in (("7480", "central"), ("7481", "gateway")):
            if name in self.nodes:
                command = command.replace("http://127.0.0.1:" + port,
                                          self.nodes[name].api[0])
        return re.sub(r"\b([a-z]{3}_)\.\.\.", lambda m: self.ids[m.group(1)], command)

    def follow(self, command, code=0):
        """Runs it as it stands in the manual; what it sets, later ones have."""
        if command.startswith(("systemctl", "runuser")):
            return self.service(command)
        self.settle()
        command = self.placed(command)
        if command.startswith("curl -N"):
            return self.first_event(command)
        state = self.dir / "state"
        done = subprocess.run(
            ["bash", "-c", "set -aeo pipefail\n%s\nenv -0 >%s" % (command, state)],
            env=self.env, cwd=self.dir / "hq", input="yes\n", timeout=60, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        self.assertEqual(done.returncode, code, "%s\n%s" % (command, done.stdout))
        if code == 0:
            self.env = dict(e.split("=", 1)
                            for e in state.read_text().split("\0") if "=" in e)
        if command.startswith("cp ") and ".conf" in command:
            self.configure(command)
        for found in reversed(list(re.finditer(ID, done.stdout))):
            self.ids[found.group(1)] = found.group()
        return done.stdout

    def configure(self, command):
        """What the manual says is to be set in the copy of an example."""
        source, copy = map(pathlib.Path, command.split()[1:])
        copy = copy / source.name if copy.is_dir() else copy
        text = copy.read_text().replace("/" + source.stem, "/" + copy.stem)
        text = re.sub(r'(?m)^central = .*', 'central = "%s";' % (
            self.nodes["central"].bus if "central" in self.nodes else ""), text)
        copy.write_text(self.placed(text))

    def service(self, command):
        """systemctl for the nodes of this test; runuser starts one by hand, once."""
        name = re.search(r"\b(central|gateway)\b", command).group()
        if "enable" in command:
            self.node("central" if name == "central" else "acme/manila", name)
        node = self.nodes[name]
        if "stop" in command:
            self.assertEqual(node.stop(), 0)
        elif "reload" in command:
            self.assertEqual(node.reload().event, "reloaded")
        elif "--restored" in command:
            node.start(options=["--restored"])
            self.assertEqual(node.stop(), 0)
        else:
            node.start()

    def first_event(self, command):
        """Reads a stream until it has said something."""
        with subprocess.Popen(["bash", "-c", "exec " + command], env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as curl:
            line = next((line for line in curl.stdout if line.startswith("data: ")), None)
            curl.kill()
        self.assertIsNotNone(line, command)

    def settle(self):
        """Every node that has a link knows what the others have done."""
        for node in self.nodes.values():
            if node.running() and node.kind == "gateway" and node.find_log("link_up"):
                node.wait_get("/v1/status", lambda a: a.body["link"]["backlog"] == 0)
        for node in self.nodes.values():
            if node.running() and node.kind == "gateway" and node.find_log("link_up"):
                node.wait_get("/v1/grants?fresh=true", lambda a: a.status == 200)

    # ---- Nodes and people ----

    def node(self, name, file):
        self.nodes[file] = Placed(self.dir, name,
                                  "central" if file == "central" else "gateway", file)
        return self.nodes[file]

    def site(self, party, site, file):
        """One more site, in the steps of the manual."""
        self.at("central")
        for command in (
                "mkdir -p /etc/troth/%(file)s",
                "troth certs enrol /etc/troth/%(file)s gw/%(party)s/%(site)s -D %(domain)s",
                "troth certs sign ca gw/%(party)s/%(site)s /etc/troth/%(file)s/request %(file)s",
                "troth site add --party %(party)s --site %(site)s --sign-cert %(file)s/sign.pem",
                "troth certs install /etc/troth/%(file)s %(file)s",
                "cp /usr/share/troth/examples/gateway.conf /etc/troth/%(file)s.conf"):
            self.follow(command % {"party": party, "site": site, "file": file,
                                   "domain": DOMAIN})
        node = self.node("%s/%s" % (party, site), file).start()
        node.wait_get("/v1/status", lambda a: a.body["link"]["up"] and a.body["brand"])

    def at(self, file, token=None):
        """From here on commands ask that node, with its manager's token or another."""
        self.env["TROTH_API"] = self.nodes[file].api[0]
        self.env["TROTH_TOKEN_FILE"] = token or str(self.nodes[file].token_file)

    def blocks(self, page, heading, *which):
        """Runs those blocks (all, if none is named) of a section."""
        if page not in self.pages:
            self.pages[page] = sections(page)
        found = self.pages[page][heading]
        for i in which or range(len(found)):
            for command in commands(found[i]):
                with self.subTest(page=page, heading=heading, command=command):
                    self.before(command)
                    self.follow(command)


class Manuals(Follower):
    """One federation for all of the manuals; what a page needs comes before it."""

    def before(self, command):
        """What has to have happened for a command, where the manual shows two ways."""
        if command.startswith("troth approve no"):
            self.asked_for(3000)
        if command.startswith(("troth commitment decline", "troth commitment counter")):
            self.told("--kind callback")

    def asked_for(self, amount):
        """Ann asks for more than she may; whoever was at the command line goes on."""
        env = dict(self.env)
        self.at("gateway", "ann.token")
        self.follow("troth ask order ord_... --kind credit --amount %d --currency EUR "
                    "--reason late_delivery" % amount)
        self.env = env

    def told(self, what):
        """Ann promises something that the carrier owes, and the carrier hears of it."""
        env = dict(self.env)
        self.at("gateway", "ann.token")
        self.follow("troth promise make --order ord_... %s --due 2031-01-02T18:00:00Z "
                    "--reason late_delivery --owe debtor=swift,action=other" % what)
        self.follow("troth promise show prm_...")
        self.env = env

    def test_every_command_does_what_the_manuals_say(self):
        self.set_up()
        self.decide()
        self.work()
        self.make_good()
        self.look()
        self.keep()

    def set_up(self):
        step, page = "A federation, step by step", "operators.md"
        self.blocks(page, step, 0, 1, 2)
        (self.dir / "etc/gateway").mkdir()
        self.blocks(page, step, 3)
        self.follow("cp -r /etc/troth/gateway/request .")
        self.blocks(page, step, 4, 5, 6)
        self.nodes["gateway"].wait_get(
            "/v1/status", lambda a: a.body["link"]["up"] and a.body["brand"])
        self.blocks(page, "Tokens")
        self.follow("troth token make --name ann --scopes agent > ann.token")
        self.site("webshop", "online", "webshop")
        self.site("swift", "depot-7", "swift")
        self.at("central")
        self.follow("troth token make --name lead --scopes approver > lead.token")

    def decide(self):
        self.blocks("policy.md", "Writing, checking, publishing")
        self.blocks("authority.md", "Setting it up")

    def work(self):
        page = "desk.md"
        self.at("webshop")
        self.blocks(page, "The seller takes an order")
        self.at("gateway", "ann.token")
        self.blocks(page, "At the desk")
        self.blocks(page, "The agent: the customer calls")
        self.at("central", "lead.token")
        self.blocks(page, "The approver: what HQ is asked")
        self.told("--kind callback")
        self.at("swift")
        self.blocks(page, "The dispatcher: what we owe")
        self.at("gateway", "ann.token")
        self.blocks(page, "Who is on duty")
        self.at("gateway", "ann.token")
        self.blocks("authority.md", "May I promise this?", 0, 1)
        self.follow("troth ask order ord_... --kind credit --amount 100 --currency EUR "
                    "--reason late_delivery")
        self.blocks("authority.md", "May I promise this?", 2)
        self.asked_for(3000)
        self.at("central", "lead.token")
        self.blocks("authority.md", "When HQ is asked", 0)
        self.asked_for(2500)
        self.follow("troth approve yes prm_...")
        self.at("gateway", "ann.token")
        self.blocks("authority.md", "When HQ is asked", 1)
        self.at("central")
        self.blocks("authority.md", "Watching it")

    def make_good(self):
        page = "recovery.md"
        self.at("gateway", "ann.token")
        self.blocks(page, "Alarms", 0)
        self.told("--kind other")
        self.at("central")
        self.blocks(page, "Alarms", 1)
        self.follow("troth promise break prm_... --reason lost")
        self.at("gateway", "ann.token")
        self.blocks(page, "Recoveries", 0)
        remedy = self.ids["prm_"]
        self.at("central")
        self.follow("troth promise show %s" % remedy)
        self.follow("troth commitment fulfil com_... --evidence note --text paid")
        self.at("gateway", "ann.token")
        self.blocks(page, "Recoveries", 1)
        self.blocks(page, "Denial and appeal", 0)
        self.at("central", "lead.token")
        self.blocks(page, "Denial and appeal", 1)
        self.at("gateway", "ann.token")
        self.blocks("desk.md", "How we do")

    def look(self):
        order = self.ids["ord_"]
        self.at("webshop")
        self.blocks("integrators.md", "The first calls")
        self.ids["ord_"] = order
        self.blocks("auditors.md", "Reading a copy with stock tools")
        self.blocks("disk-format.md", "Reading it with stock tools", 0)
        # The eleventh entry has a personal part in that copy only by chance.
        dump = self.follow("mdb_dump -s blobs COPY")
        key = re.search(r"^ ([0-9a-f]{16})$", dump, re.M).group(1)
        for command in commands(
                self.pages["disk-format.md"]["Reading it with stock tools"][1]):
            self.follow(command.replace("000000000000000a", key))
        self.blocks("disk-format.md", "Reading it with stock tools", 2)

    def keep(self):
        page = "operators.md"
        self.at("central")
        self.blocks(page, "Renewing", 0)
        self.follow("rm -r request && cp -r /etc/troth/gateway/request .")
        self.blocks(page, "Renewing", 1, 2)
        self.blocks(page, "New revocation lists", 0)
        self.follow("cp ca/crl.pem .")
        self.blocks(page, "New revocation lists", 1)
        self.blocks(page, "Backup and restore", 0)
        self.told("--kind other")  # The copy does not have this.
        self.blocks(page, "Backup and restore", 1)
        gateway = self.nodes["gateway"]
        gateway.start()
        gateway.wait_get("/v1/shares", lambda a: a.body["items"] and all(
            s["frozen"] for s in a.body["items"]))
        self.blocks("authority.md", "After a restore")
        gateway.wait_get("/v1/shares", lambda a: not any(
            s["frozen"] for s in a.body["items"]))
        self.blocks(page, "A machine is lost")
        central = self.nodes["central"]
        self.follow("install -m 0644 ca/crl.pem /etc/troth/central/crl.pem")
        since = len(central.lines)
        self.assertEqual(central.reload().event, "reloaded")
        central.wait_log("bus_revoked", since=since)
        gateway.wait_get("/v1/status", lambda a: "revoked" in a.body["link"].get("trouble", ""))


class Words(unittest.TestCase):
    """What is cheap to check of every command, also of those within a sentence."""

    HELP = {}

    def help_of(self, *words):
        if words not in self.HELP:
            done = subprocess.run([program(), *words, "--help"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=WAIT_S,
                                  check=False)
            self.HELP[words] = done.stdout if done.returncode == 0 else None
        return self.HELP[words]

    def said_in(self, page):
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"(?m)^ {4}(?:.*\$\()?(troth [^\n]*(?:\\\n[^\n]*)*)", text):
            yield block.split(" #")[0]
        yield from (m.replace("\n", " ") for m in re.findall(r"`(troth [^`]+)`", text))

    def test_every_command_and_option_that_the_manuals_name_is_there(self):
        seen = 0
        for page in [TOP / "README.md", *sorted(DOC.glob("*.md"))]:
            for said in self.said_in(page):
                words = re.findall(r"^troth ([a-z-]+)(?: ([a-z][a-z-]+)(?![\w./=]))?", said)
                if not words or words[0][0].startswith("-"):
                    continue
                words = [w for w in words[0] if w]
                with self.subTest(page=page.name, said=said):
                    found = self.help_of(*words) or self.help_of(words[0])
                    self.assertIsNotNone(found, "no such command")
                    if words[0] not in ("certs", "replay", "central", "gateway"):
                        self.assertIsNotNone(self.help_of(*words), "no such verb")
                    for option in re.findall(r"(?<!\w)(--[a-z-]+)", said):
                        self.assertRegex(found, re.escape(option) + r"\b", "no such option")
                    seen += 1
        self.assertGreater(seen, 50)


if __name__ == "__main__":
    unittest.main()

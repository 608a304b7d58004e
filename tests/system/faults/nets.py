"""Network namespaces: a federation whose links are real, and can be pulled.

Each node has a namespace of its own with one interface, `bus0`; they meet at a bridge
in a namespace of the bridge's own. Nothing of the machine's own network is touched.
"""

import ctypes
import http.client
import os
import socket
import threading
import urllib.parse

from kit import Skip, need, need_root, run

CLONE_NEWNET = 0x40000000
WRAPPER = """#!/bin/sh
# Runs troth in the namespace that the test names, or where it stands.
[ -z "$TROTH_NETNS" ] || exec ip netns exec "$TROTH_NETNS" %(troth)s "$@"
exec %(troth)s "$@"
"""


def connect_in(namespace, address, timeout):
    """A TCP connection made inside a namespace; the socket works from anywhere."""
    done = {}

    def work():  # Namespaces are entered by threads, and this one ends with it.
        try:
            with open("/run/netns/" + namespace, "rb") as f:
                if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns " + namespace)
            done["socket"] = socket.create_connection(address, timeout)
        except OSError as why:
            done["why"] = why

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if "why" in done:
        raise done["why"]
    return done["socket"]


class _Connection(http.client.HTTPConnection):
    def __init__(self, namespace, host, port, timeout):
        super().__init__(host, port, timeout=timeout)
        self._namespace = namespace

    def connect(self):
        self.sock = connect_in(self._namespace, (self.host, self.port), self.timeout)


class Nets:
    """Namespaces for the nodes of a federation; `with` it they are there."""

    def __init__(self, directory, troth):
        need_root()
        need("ip", "nft")
        self.program = directory / "troth-in-netns"
        self.program.write_text(WRAPPER % {"troth": troth})
        self.program.chmod(0o755)
        self._prefix = "troth-%d-" % os.getpid()
        self._made = []
        self._ports = {}

    def _name(self, node):
        return self._prefix + node.replace("/", "-")

    def _add(self, name):
        try:
            run("ip", "netns", "add", name)
            self._made.append(name)
            # In a plain chroot they can be made, but not entered.
            run("ip", "-n", name, "link", "set", "lo", "up")
        except Exception as why:
            raise Skip("no namespaces here: %s" % why) from why

    def __enter__(self):
        try:
            self._hub = self._prefix + "hub"
            self._add(self._hub)
            run("ip", "-n", self._hub, "link", "add", "br0", "type", "bridge")
            run("ip", "-n", self._hub, "link", "set", "br0", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        for name in self._made:
            run("ip", "netns", "del", name)
        self._made = []

    def address(self, number):
        return "10.66.0.%d" % number

    def place(self, node, number):
        """Gives a node its namespace and address; before it starts."""
        name, port = self._name(node.name), "v%d" % number
        self._add(name)
        run("ip", "-n", name, "link", "add", "bus0", "type", "veth",
            "peer", "name", port, "netns", self._hub)
        run("ip", "-n", self._hub, "link", "set", port, "master", "br0", "up")
        run("ip", "-n", name, "addr", "add", self.address(number) + "/24", "dev", "bus0")
        run("ip", "-n", name, "link", "set", "bus0", "up")
        self._ports[node.name] = port
        node.env["TROTH_NETNS"] = name

        def connect(timeout=30, url=None, context=None):
            del context
            u = urllib.parse.urlsplit(url or node.api[0])
            return _Connection(name, u.hostname, u.port, timeout)

        node.connect = connect

    # ---- Faults ----

    def cut(self, node):
        run("ip", "-n", self._hub, "link", "set", self._ports[node.name], "down")

    def heal(self, node):
        run("ip", "-n", self._hub, "link", "set", self._ports[node.name], "up")
        run("ip", "netns", "exec", self._name(node.name), "nft", "flush", "ruleset")

    def drop(self, node, way):
        """Packets of one direction vanish: "up" those it sends, "down" those for it."""
        chain = {"up": ("output", "oifname"), "down": ("input", "iifname")}[way]
        run("ip", "netns", "exec", self._name(node.name), "nft",
            "add table inet f; add chain inet f c { type filter hook %s priority 0; }; "
            'add rule inet f c %s "bus0" drop' % chain)

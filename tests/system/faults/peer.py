"""A peer of the bus made of Python's ssl alone: a good one, or as bad as a test wants.

Speaks TLS 1.3 with a certificate directory, the eight-byte SP header, and messages of
u64be length, u32be request id and payload. Nothing of troth is in it.
"""

import socket
import ssl
import struct

from kit import encode, fields

SP_REQ = bytes.fromhex("0053500000300000")
SP_REP = bytes.fromhex("0053500000310000")
HELLO, SUBMIT, FOLLOW, FRESH, RECEIVE, FIND, ERROR = 1, 2, 3, 4, 5, 6, 15


def context(certs, server=False):
    """`certs`: a certificate directory, or None for a peer that has none."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if certs is not None:
        made.load_cert_chain(certs / "tls.pem", certs / "tls.key")
    return made


class Closed(Exception):
    """The other end closed, or refused us."""


class Peer:
    """A connection to central. `tls` False: plain TCP, for bytes that are no TLS."""

    def __init__(self, address, certs=None, tls=True, timeout=15):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.address = "%s:%d" % self.socket.getsockname()[:2]
        self._request = 0
        if tls:
            try:
                self.socket = context(certs).wrap_socket(self.socket)
            except (OSError, ssl.SSLError) as why:
                self.close()
                raise Closed(str(why)) from why

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (OSError, ssl.SSLError) as why:
            raise Closed(str(why)) from why

    def receive(self, size):
        data = b""
        while len(data) < size:
            try:
                got = self.socket.recv(size - len(data))
            except socket.timeout:
                raise
            except (OSError, ssl.SSLError) as why:
                raise Closed(str(why)) from why
            if not got:
                raise Closed("end")
            data += got
        return data

    def up(self):
        """Exchanges headers: central's comes only when it has let us in."""
        self.send(SP_REQ)
        if self.receive(8) != SP_REP:
            raise Closed("not the header of a replier")
        return self

    def ask(self, message, payload):
        """One request; the (number, bytes) of the reply, raw."""
        self._request += 1
        body = encode((message, payload))
        self.send(struct.pack(">QI", 4 + len(body), self._request | 0x80000000) + body)
        while True:
            size, ident = struct.unpack(">QI", self.receive(12))
            reply = self.receive(size - 4)
            if ident == self._request | 0x80000000:
                return fields(reply)[0]

    def hello(self, incarnation=1, version=1):
        return self.ask(HELLO, encode((1, version), (2, version), (3, "peer.py"),
                                      (4, incarnation)))

    def ended(self):
        """Reads until the other end closes; True if it does so in time."""
        try:
            while self.socket.recv(65536):
                pass
        except socket.timeout:
            return False
        except (OSError, ssl.SSLError):
            pass
        return True

    def reset(self):
        """Closes with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def client_hello():
    """The first bytes of a TLS 1.3 client, as OpenSSL makes them."""
    outgoing = ssl.MemoryBIO()
    tls = context(None).wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()

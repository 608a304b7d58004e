"""A TCP relay that does to a connection what a bad network does to it.

    with Relay("127.0.0.1:7443") as relay:
        ... peers dial relay.address ...
        relay.cut()                    # every connection ends now
        relay.refuse(True)             # and no new one gets through
        relay.cut_after(lambda: 1000)  # each next connection ends after so many bytes
        relay.stall("up", True)        # what the dialling side sends stays here
        relay.delay(0.05)              # every byte arrives so much later

"up" is from the side that dials, "down" is back to it. A stalled direction reads
nothing, so that the sender's own buffers fill as they would. A cut is a reset, at
whatever byte it falls. One thread; bytes stay in order within a direction.
"""

import collections
import selectors
import socket
import struct
import threading
import time

CHUNK = 64 << 10
HELD_MAX = 4 << 20  # Bytes that wait in one direction before reading stops.


class _Way:
    """One direction of one connection."""

    def __init__(self, name, source, sink):
        self.name = name
        self.source = source
        self.sink = sink
        self.held = collections.deque()  # (when it may go on, bytes)
        self.size = 0
        self.ended = False  # The source has said its last.
        self.shut = False   # And the sink has been told.


class _Pair:
    def __init__(self, near, far, budget):
        self.near, self.far = near, far
        self.ways = [_Way("up", near, far), _Way("down", far, near)]
        self.budget = budget  # Bytes until it is cut; None: never.


class Relay:
    """Listens on a port of its own and passes everything to `target`."""

    def __init__(self, target, listen="127.0.0.1"):
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
        self._listener = socket.create_server((listen, 0))
        self._listener.setblocking(False)
        self.address = "%s:%d" % (listen, self._listener.getsockname()[1])
        self.accepted = 0
        self.cuts = 0
        self.passed = {"up": 0, "down": 0}
        self._pairs = []
        self._stalled = set()
        self._delay = 0.0
        self._refusing = False
        self._next_budget = None
        self._lock = threading.Lock()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_out.setblocking(False)
        self._ending = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # ---- What tests say; any thread ----

    def cut(self):
        with self._lock:
            for pair in list(self._pairs):
                self._drop(pair)
        self._nudge()

    def refuse(self, yes):
        with self._lock:
            self._refusing = yes
        self._nudge()

    def cut_after(self, bytes_of_next):
        """Called for each new connection; gives its budget, or None for no limit."""
        with self._lock:
            self._next_budget = bytes_of_next

    def stall(self, way, yes):
        with self._lock:
            (self._stalled.add if yes else self._stalled.discard)(way)
        self._nudge()

    def delay(self, seconds):
        with self._lock:
            self._delay = seconds
        self._nudge()

    def close(self):
        self._ending = True
        self._nudge()
        self._thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # ---- The thread ----

    def _nudge(self):
        self._wake_in.send(b"x")

    def _drop(self, pair):
        """Ends both sides with a reset."""
        if pair not in self._pairs:
            return
        self._pairs.remove(pair)
        self.cuts += 1
        for s in (pair.near, pair.far):
            try:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
            s.close()

    def _accept(self):
        try:
            near, _ = self._listener.accept()
        except OSError:
            return
        try:
            if self._refusing:
                raise OSError("refusing")
            far = socket.create_connection(self._target, 5)
        except OSError:
            near.close()
            return
        for s in (near, far):
            s.setblocking(False)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        budget = self._next_budget() if self._next_budget else None
        self._pairs.append(_Pair(near, far, budget))
        self.accepted += 1

    def _take(self, pair, way):
        try:
            data = way.source.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._drop(pair)
            return
        if not data:
            way.ended = True
            return
        if pair.budget is not None:
            data = data[:pair.budget]
            pair.budget -= len(data)
        way.held.append((time.monotonic() + self._delay, data))
        way.size += len(data)

    def _give(self, pair, way, now):
        while way.held and way.held[0][0] <= now:
            when, data = way.held.popleft()
            try:
                sent = way.sink.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                self._drop(pair)
                return
            way.size -= sent
            self.passed[way.name] += sent
            if sent < len(data):
                way.held.appendleft((when, data[sent:]))
                return
        if pair.budget == 0 and not pair.ways[0].held and not pair.ways[1].held:
            self._drop(pair)
        elif way.ended and not way.held and not way.shut:
            way.shut = True
            try:
                way.sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            if pair.ways[0].shut and pair.ways[1].shut:
                self._drop(pair)

    def _interest(self, now):
        """What to wait for: {socket: mask}, and how long at most."""
        wanted, soonest = {}, 1.0
        for pair in self._pairs:
            for way in pair.ways:
                stalled = way.name in self._stalled
                if not (stalled or way.ended or pair.budget == 0 or way.size >= HELD_MAX):
                    wanted[way.source] = wanted.get(way.source, 0) | selectors.EVENT_READ
                if way.held and not stalled:
                    if way.held[0][0] <= now:
                        wanted[way.sink] = wanted.get(way.sink, 0) | selectors.EVENT_WRITE
                    else:
                        soonest = min(soonest, way.held[0][0] - now)
        return wanted, soonest

    def _pass(self, ready):
        now = time.monotonic()
        for pair in list(self._pairs):
            for way in pair.ways:
                if pair in self._pairs and ready.get(way.source, 0) & selectors.EVENT_READ:
                    self._take(pair, way)
            for way in pair.ways:
                if pair in self._pairs and way.name not in self._stalled:
                    self._give(pair, way, now)

    def _run(self):
        while not self._ending:
            with selectors.DefaultSelector() as selector:
                with self._lock:  # A cut closes sockets: not before they are registered.
                    wanted, soonest = self._interest(time.monotonic())
                    selector.register(self._listener, selectors.EVENT_READ)
                    selector.register(self._wake_out, selectors.EVENT_READ)
                    for s, mask in wanted.items():
                        if s.fileno() >= 0:
                            selector.register(s, mask)
                ready = {key.fileobj: mask for key, mask in selector.select(soonest)}
            with self._lock:
                if self._wake_out in ready:
                    self._wake_out.recv(4096)
                if self._listener in ready:
                    self._accept()
                self._pass(ready)
        with self._lock:
            for pair in list(self._pairs):
                self._drop(pair)
            self._listener.close()

#!/usr/bin/env python3
"""`troth demo`, and how it ends when somebody has seen enough of it."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from troth_nodes import program  # noqa: E402

SOON_S = 5  # To end what runs: far below what the demo waits for anything.


class Demo(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="troth-demo-")
        self.addCleanup(place.cleanup)
        self.dir = place.name

    def begin(self, *options):
        demo = subprocess.Popen(
            [program(), "demo", *options], env={**os.environ, "TMPDIR": self.dir},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(demo.stdout.close)
        self.addCleanup(demo.wait)
        self.addCleanup(demo.kill)
        return demo

    def assert_nothing_is_left(self):
        self.assertEqual(os.listdir(self.dir), [])
        for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.assertNotIn(self.dir.encode(), process.read_bytes())
            except OSError:
                pass  # It has ended meanwhile.

    def ended_at(self, line, how):
        """What it says behind `line` when it gets the signal there; and its exit code."""
        demo = self.begin()
        for said in demo.stdout:
            if said.strip().startswith(line):
                break
        since = time.monotonic()
        demo.send_signal(how)
        rest = demo.stdout.read()
        code = demo.wait(timeout=60)
        self.assertLess(time.monotonic() - since, SOON_S, rest)
        self.assert_nothing_is_left()
        return code, rest

    def test_every_step_of_the_story_holds(self):
        demo = self.begin("--once")
        said = demo.stdout.read()
        self.assertEqual(demo.wait(timeout=60), 0, said)
        self.assertIn("\n10. ", said)
        self.assertIn("Every step held.", said)
        self.assert_nothing_is_left()

    def test_a_signal_in_the_middle_of_it_ends_it_at_once(self):
        for line, how in (("Making", signal.SIGINT), ("1.", signal.SIGTERM),
                          ("3.", signal.SIGINT), ("9.", signal.SIGHUP)):
            with self.subTest(line=line, how=how.name):
                code, said = self.ended_at(line, how)
                self.assertEqual(code, 128 + how, said)
                self.assertIn("called off before its end", said)
                self.assertNotIn("did not hold", said)
                self.assertNotIn("could not be started", said)
                self.assertNotIn("Every step held", said)

    def test_a_signal_after_the_story_is_how_it_ends(self):
        code, said = self.ended_at("Everything is still up", signal.SIGINT)
        self.assertEqual(code, 0, said)
        self.assertNotIn("called off", said)


if __name__ == "__main__":
    unittest.main()

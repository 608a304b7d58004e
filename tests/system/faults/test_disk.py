#!/usr/bin/env python3
"""Disks that are full, and disks that lose power."""

import fcntl
import os
import secrets
import struct

from kit import (
    CARRIER, SELLER, VENDOR, Skip, federation, main, moment, must, need, need_root, run, say,
    settle, start, until,
)
from load import Load, order, promise

EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
ROOM_LEFT_MIB = 6


class Disk:
    """A small ext4 of its own in a file, with a node's data directory on it."""

    def __init__(self, directory, node, mib=96):
        need_root()
        need("mkfs.ext4", "mount", "umount")
        self.image = directory / (node.name.replace("/", "-") + ".img")
        self.at = directory / (node.name.replace("/", "-") + ".disk")
        self.mounted = False
        with open(self.image, "wb") as f:
            f.truncate(mib << 20)
        run("mkfs.ext4", "-q", "-F", "-m", "0", self.image)
        self.at.mkdir()
        self.mount()
        node.data = self.at / "data"
        node.config["data_dir"] = str(node.data)

    def mount(self):
        try:
            run("mount", "-o", "loop", self.image, self.at)
        except Exception as why:
            raise Skip("cannot mount a loop device here: %s" % why) from why
        self.mounted = True

    def unmount(self):
        if self.mounted:
            run("umount", self.at)
            self.mounted = False

    def fill(self, leave_mib):
        """Takes all room but so much."""
        free = os.statvfs(self.at)
        free = free.f_bavail * free.f_frsize
        with open(self.at / "filler", "wb") as f:
            os.posix_fallocate(f.fileno(), 0, max(free - (leave_mib << 20), 1))

    def empty(self):
        (self.at / "filler").unlink()

    def power_off(self):
        """Nothing reaches the disk from here on, the journal's memory included."""
        fd = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def power_on(self):
        self.unmount()
        self.mount()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.unmount()


def refuses(node, load):
    """Writes of its own until one is answered with "no room"; that answer."""
    def once():
        tag = "FULL-" + secrets.token_hex(6)
        load.journal.tried.add(tag)
        answer = node.post("/v1/orders", order(tag))
        if answer.status == 201:
            load.journal.note("placed", tag, {SELLER, CARRIER})
        return answer if answer.status != 201 else None

    answer = until(node.name + " refuses", once, 60, step=0)
    must(answer.status == 507 and answer.body["type"] == "urn:troth:problem:no_room",
         node.name, "full:", answer.status, answer.body)
    return answer


def logged(node, since, event):
    return any(x.event == event for x in node.lines[since:])


def a_full_disk_refuses_new_work_and_recovers_by_itself(directory, rng, rounds):
    """First central's disk, then a gateway's, under load."""
    del rounds
    fed = federation(directory, config={"reserve_mib": 4})
    seller = fed.gateway(SELLER)
    with Disk(directory, fed.central) as hq, Disk(directory, seller) as site, fed:
        start(fed)
        placed = seller.must_post("/v1/orders", order("own-order"))["id"]
        fed.central.wait_get("/v1/orders/" + placed, lambda a: a.status == 200)
        path = "/v1/orders/%s/promises" % placed
        with Load(fed, directory, rng, workers=1) as load:
            load.journal.tried.add("own-order")
            load.journal.wait_more(20)
            for node, disk in ((fed.central, hq), (seller, site)):
                since = len(node.lines)
                disk.fill(ROOM_LEFT_MIB)
                answer = refuses(node, load)
                must(answer.headers.get("Retry-After"), "no Retry-After")
                for what in ("/v1/orders/" + placed, "/v1/promises?limit=5", "/v1/status"):
                    must(node.get(what).status == 200, node.name, "full, cannot read", what)
                # The room is measured with each commit and each refusal, not with each look.
                until(node.name + " tells in its status", lambda: node.must_get(
                    "/v1/status")["room"] == "refuse")
                # In the log when it happens: by its minute's look it could be late.
                until(node.name + " logs it", lambda: logged(node, since, "room_refuse"), 20)
                load.look()
                moment(rng, 1.0)
                must(node.running(), node.name, "ended on a full disk")
                disk.empty()
                tag = "AGAIN-" + secrets.token_hex(6)
                load.journal.tried.add(tag)
                key = secrets.token_hex(16)
                until(node.name + " goes on by itself", lambda: node.post(
                    path, promise(tag, "fastship"), key=key).status == 201, 60, 0.2)
                load.journal.note("made", tag, {SELLER, CARRIER})
                load.journal.wait_more(20)
                until(node.name + " logs that there is room", lambda: any(
                    logged(node, since, e) for e in ("room_ok", "room_alarm")), 20)
                say(node.name, "log:", [x.text for x in node.lines[since:]
                                        if x.event.startswith("room_")])
            load.finish()
        settle(fed, 60)
        must(set(fed.stop().values()) == {0}, "exit codes")
        load.check()


def a_power_cut_loses_nothing_acknowledged(directory, rng, rounds):
    """
    The file systems of central or of a gateway stop between two writes, what was not
    forced to disk is gone, and the process with it.
    """
    fed = federation(directory)
    vendor = fed.gateway(VENDOR)
    with Disk(directory, fed.central, 256) as hq, Disk(directory, vendor, 256) as site, fed:
        start(fed)
        with Load(fed, directory, rng) as load:
            for _ in range(rounds or 6):
                load.journal.wait_more(rng.randrange(10, 80))
                moment(rng, 0.2)
                lost = rng.choice([[(fed.central, hq)], [(fed.central, hq)],
                                   [(vendor, site)], [(vendor, site), (fed.central, hq)]])
                for node, disk in lost:
                    disk.power_off()
                for node, disk in lost:
                    node.kill()
                    disk.power_on()
                for node, disk in lost:
                    node.start()
                load.look()
            load.journal.wait_more(20)
            load.finish()
        settle(fed, 60)
        must(set(fed.stop().values()) == {0}, "exit codes")
        load.check()


if __name__ == "__main__":
    main({
        "a-full-disk-refuses-new-work-and-recovers-by-itself":
            a_full_disk_refuses_new_work_and_recovers_by_itself,
        "a-power-cut-loses-nothing-acknowledged": a_power_cut_loses_nothing_acknowledged,
    })

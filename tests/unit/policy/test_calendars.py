#!/usr/bin/env python3
"""Calendars, reckoned once more in another way: step by step, with Python's own zoneinfo.

    test_calendars.py POLICY_PROBE

Hours, holidays and instants are drawn from a seed, near changes of clocks more often
than elsewhere. Nothing of the program's way of reckoning is used here.
"""

import datetime as dt
import os
import random
import subprocess
import sys
import tempfile
import unittest
from zoneinfo import ZoneInfo

PROBE = sys.argv.pop(1)
UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# Their clocks change on quarters of an hour, but for those that did so at 00:01.
STEPS = {"America/St_Johns": 60, "Asia/Gaza": 60}
# With summer time in the north and in the south, without it, with half hours, at
# the date line (a day was left out), and with the summer as standard time.
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Manila", "Australia/Sydney",
         "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Europe/Dublin",
         "Pacific/Apia", "America/St_Johns", "Asia/Gaza", "Africa/Casablanca", "UTC",
         "Atlantic/Azores", "America/Sao_Paulo", "Pacific/Chatham"]
# The footers' time begins in 2038, and years beyond 2099 have a leap day left out.
YEARS = [(1971, 1999), (2000, 2037), (2026, 2027), (2038, 2110)]


class Calendar:
    def __init__(self, number, dice):
        self.number = number
        self.zone = ZoneInfo(ZONES[number])
        self.step = STEPS.get(ZONES[number], 900)
        self.dice = dice
        self.week = [self.hours() for _ in DAYS]
        if not any(self.week):
            self.week[dice.randrange(7)] = [(540, 1020)]
        self.holidays, self.special = set(), {}

    def hours(self):
        """Closed, whole days, nights near the changes of clocks, or office hours."""
        what = self.dice.random()
        if what < 0.2:
            return []
        if what < 0.3:
            return [(0, 1440)]
        if what < 0.6:
            return [(0, 105), (120, 165), (180, 240), (1380, 1440)]
        marks = sorted(self.dice.sample(range(0, 97), 4))
        return [(marks[0] * 15, marks[1] * 15), (marks[2] * 15, marks[3] * 15)]

    def days_off(self, date):
        for _ in range(30):
            self.holidays.add(date + dt.timedelta(days=self.dice.randrange(-20, 20)))
        for _ in range(8):
            day = date + dt.timedelta(days=self.dice.randrange(-20, 20))
            if day not in self.holidays and self.hours():
                self.special[day] = [(self.dice.randrange(0, 20) * 15, 330)]

    def text(self):
        def spans(hours):
            return ", ".join("%02d:%02d-%02d:%02d" % (a // 60, a % 60, b // 60, b % 60)
                             for a, b in hours)

        week = " ".join(f'{DAYS[i]} = "{spans(h)}";'
                        for i, h in enumerate(self.week) if h)
        off = ", ".join(f'"{d}"' for d in self.dice.sample(sorted(self.holidays),
                                                           len(self.holidays)))
        special = ", ".join(f'{{ date = "{d}"; hours = "{spans(h)}"; }}'
                            for d, h in self.special.items())
        special = f"special = ( {special} );" if special else ""
        return (f'c{self.number}: {{ zone = "{self.zone.key}"; hours: {{ {week} }};\n'
                f'holidays = [ {off} ]; {special} }};\n')

    def local(self, s):
        return (EPOCH + dt.timedelta(seconds=s)).astimezone(self.zone)

    def open_step(self, s):
        """Whether it is open in the step that begins at s."""
        now = self.local(s)
        date, minute = now.date(), now.hour * 60 + now.minute
        if date in self.special:
            hours = self.special[date]
        elif date in self.holidays:
            hours = []
        else:
            hours = self.week[date.weekday()]
        return any(a <= minute < b for a, b in hours)

    def add(self, ms, wanted):
        at = ms
        while wanted > 0:
            begin = at // 1000 // self.step * self.step
            end = (begin + self.step) * 1000
            if self.open_step(begin):
                if wanted <= end - at:
                    return at + wanted
                wanted -= end - at
            at = end
        return at

    def between(self, a, b):
        total, at = 0, a
        while at < b:
            begin = at // 1000 // self.step * self.step
            end = min((begin + self.step) * 1000, b)
            total += (end - at) if self.open_step(begin) else 0
            at = end
        return total

    def days(self, ms, wanted):
        first = self.local(ms // 1000).date()
        open_until, s = {}, ms // 1000 // self.step * self.step
        while True:
            date = self.local(s).date()
            later = sorted(d for d in open_until if d > first)
            if len(later) >= wanted and date > later[wanted - 1] + dt.timedelta(days=2):
                return open_until[later[wanted - 1]] * 1000
            if self.open_step(s):
                open_until[date] = s + self.step
            s += self.step

    def instant(self, date, minute):
        """The first step at which the wall clock shows that time, or a later one."""
        wanted = dt.datetime.combine(date, dt.time()) + dt.timedelta(minutes=minute)
        s = int((wanted.replace(tzinfo=UTC) - EPOCH).total_seconds()) - 27 * 3600
        while self.local(s).replace(tzinfo=None) < wanted:
            s += self.step
        return s * 1000


def changes(c, year):
    """When the calendar's clocks change in a year."""
    s = int((dt.datetime(year, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
    found, day = [], 86400

    def ahead(at):
        return c.local(at).utcoffset()

    for at in range(s, s + 366 * day, day):
        if ahead(at) != ahead(at + day):
            found += [q for q in range(at, at + day, c.step)
                      if ahead(q) != ahead(q + c.step)]
    return found


def questions(calendar, dice, near):
    """Questions about one calendar around an instant, with their answers."""
    ms = near * 1000 + dice.randrange(-3 * 86400000, 3 * 86400000)
    if dice.random() < 0.3:
        ms = ms // 900000 * 900000
    wanted = dice.choice([0, 1, 900000, dice.randrange(1, 40 * 3600000)])
    later = ms + dice.randrange(0, 4 * 86400000)
    days = dice.randrange(1, 5)
    date = calendar.local(near + dice.randrange(-86400, 86400)).date()
    minute = dice.randrange(0, 97) * 15
    number = (date - dt.date(1970, 1, 1)).days
    ahead = calendar.local(ms // 1000).utcoffset().total_seconds()
    yield f"add {ms} {wanted}", calendar.add(ms, wanted)
    yield f"days {ms} {days}", calendar.days(ms, days)
    yield f"between {ms} {later}", calendar.between(ms, later)
    yield f"open {ms} 0", int(calendar.open_step(ms // 1000 // calendar.step * calendar.step))
    yield f"instant {number} {minute}", calendar.instant(date, minute)
    yield f"ahead {ms} 0", int(ahead)


def ask(text, lines):
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "policy")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run([PROBE, path], input="\n".join(lines) + "\n", text=True,
                              capture_output=True, timeout=100, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.split()


class Calendars(unittest.TestCase):
    def agree(self, seed, years, rounds):
        dice = random.Random(seed)
        calendars, lines, answers = [], [], []
        for number in range(len(ZONES)):
            c = Calendar(number, dice)
            year = dice.randrange(*years)
            moments = changes(c, year) or [
                int((dt.datetime(year, 6, 1, tzinfo=UTC) - EPOCH).total_seconds())]
            near = [dice.choice(moments) for _ in range(rounds)]
            c.days_off(c.local(near[0]).date())
            for moment in near:
                for line, answer in questions(c, dice, moment):
                    lines.append(f"{number} {line}")
                    answers.append(answer)
            calendars.append(c)
        text = "calendars: {\n" + "".join(c.text() for c in calendars) + "};\n"
        given = ask(text, lines)
        self.assertEqual(len(given), len(lines))
        for line, answer, got in zip(lines, answers, given):
            self.assertEqual(got, str(answer), f"seed {seed}: {line} of\n"
                             + calendars[int(line.split()[0])].text())

    def test_the_program_reckons_as_step_by_step(self):
        for seed, years in enumerate(YEARS):
            with self.subTest(years=years):
                self.agree(seed, years, 6)

    def test_a_day_that_was_left_out_is_left_out(self):
        lines = ["0 days 1325152800000 1",   # 2011-12-29 at Apia; there was no 30th.
                 "0 instant 15338 600"]      # The 30th at ten: when it was over.
        self.assertEqual(ask('calendars: { apia: { zone = "Pacific/Apia"; hours: '
                             '{ mon-sun = "09:00-17:00"; }; }; };', lines),
                         ["1325300400000", "1325239200000"])

    def test_what_is_hardly_ever_open_ends(self):
        text = ('calendars: { rare: { zone = "UTC"; hours: { sun = "00:00-00:01"; }; };'
                ' };')
        self.assertEqual(ask(text, ["0 add 0 31536000000", "0 days 0 1000"]),
                         ["never", "never"])


if __name__ == "__main__":
    unittest.main()

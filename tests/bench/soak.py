# SPDX-License-Identifier: BSD-2-Clause
"""Hours of mail in a row: does assayd's memory stay where it is?

At a fixed rate, in an open loop, half of it as it should be and half with
something wrong: altered, forged, two authors, from domains nobody has seen
before, from domains whose DNS always fails; one message in 97 breaks off. How
many messages a session has changes every minute; some sessions are open all
the time and say nothing. Every second minute assayd reloads, with the other
engine; every third minute the authoritative server stands still for some
seconds. The history is kept so small that its oldest records go all the time.
"""
import os
import signal
import statistics
import subprocess
import threading
import time

import filters
from tables import number

TTL = 60                # seconds; questions go on being asked
RATE = 280
SESSIONS = 256
IDLE = 50
PER_SESSION = (1, 3, 20, 100)
BREAK_OFF = 97
SILENCE = 5
# Memory of the last third may be above that of the third before it by this.
TOLERANCE_MB, TOLERANCE = 1.0, 0.03
GOAL_MB = 40

HEAD = ("minute", "messages", "per s", "RSS", "PSS", "peak", "threads", "fds",
        "history", "CPU", "load", "p99", "accepted", "refused", "broken")
WIDTHS = (6, 9, 6, 6, 6, 6, 7, 5, 7, 6, 6, 8, 8, 8, 6)


def settings():
    return {"resolver": "timeout = 1s\n\tbudget = 3s",
            "history": 'days = 1\n\tsize = "24M"'}


class Soaked(filters.Library):
    more = settings()


def engines():
    while True:
        yield "native"
        yield "library"


def reload(f, engine):
    """With the other engine."""
    f.daemon.engine = engine
    f.daemon.configure(f.daemon.policy)
    f.daemon.signal(signal.SIGHUP)


def stand_still(process):
    process.send_signal(signal.SIGSTOP)
    time.sleep(SILENCE)
    process.send_signal(signal.SIGCONT)


def disturb(bench, f, minute, engine):
    """In the midst of the minute, while the load runs."""
    time.sleep(20)
    if minute % 2 == 0:
        reload(f, next(engine))
    if minute % 3 == 0:
        stand_still(bench.nsd.process)


def history_mb(f):
    return sum(p.stat().st_size
               for p in f.daemon.folder.glob("history.db*")) / 2**20


def one_minute(bench, f, minute, rate, done, engine):
    disturbing = threading.Thread(target=disturb,
                                  args=(bench, f, minute, engine))
    disturbing.start()
    m = bench.load(f, "soak", int(rate * 60), 0, SESSIONS, [
        "-r", str(rate), "-f", str(done), "-x", str(BREAK_OFF),
        "-k", str(PER_SESSION[minute % len(PER_SESSION)])])
    disturbing.join()
    # The log is not what is measured, and it would fill the disk.
    os.truncate(f.daemon.log, 0)
    m["history_mb"] = history_mb(f)
    return m


def row(cells):
    print("  ".join(str(c).rjust(w) for c, w in zip(cells, WIDTHS)),
          flush=True)


def tell(minute, done, m):
    row([minute, done, number(m["per_second"], 0)] +
        [number(m[k] / 1024, 1) for k in ("rss_kb", "pss_kb", "peak_kb")] +
        [m["threads"], m["fds"], number(m["history_mb"], 1),
         number(m["cpu_ms"], 3), number(m["load_cpu_ms"], 3),
         number(m["transaction_ms"]["p99"], 0),
         m["accepted"], m["refused"], m["broken"]])


def hold_idle(bench, f):
    p = subprocess.Popen(
        [str(bench.program("idle")), "-l", bench.list("2k"), "-s", str(IDLE),
         "-H"] + bench.whom(f), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdout.readline()
    return p


def play(bench, f, minutes, rate):
    seen, done, engine = [], 0, engines()
    print("MB; CPU of assayd and of the load per message, ms; transactions, ms")
    row(HEAD)
    for minute in range(1, minutes + 1):
        m = one_minute(bench, f, minute, rate, done, engine)
        done += m["messages"]
        tell(minute, done, m)
        seen.append(m)
        if f.daemon.process.poll() is not None:
            break
    return seen


def judge(bench, f, seen, minutes):
    """What was wrong, a sentence each."""
    wrong = []
    if f.daemon.process.poll() is not None or len(seen) < minutes:
        wrong.append("assayd died:\n" + f.daemon.text()[-2000:])
    broken = sum(m["broken"] for m in seen)
    if broken:
        wrong.append("%d messages were never answered" % broken)
    third = len(seen) // 3
    if third == 0:
        print("too short to say whether memory grows: 3 minutes at least")
        return wrong
    before, last = (statistics.median(m["rss_kb"] for m in part) / 1024
                    for part in (seen[-2 * third:-third], seen[-third:]))
    allowed = max(TOLERANCE_MB, before * TOLERANCE)
    print("RSS, median of the second third %.1f MB, of the last %.1f MB "
          "(%+.1f; allowed +%.1f); peak %.1f MB (goal %d); %d messages" % (
              before, last, last - before, allowed,
              seen[-1]["peak_kb"] / 1024, GOAL_MB,
              sum(m["messages"] for m in seen)))
    if last - before > allowed:
        wrong.append("memory grew")
    return wrong


def measure(bench, minutes, rate):
    """(exit status, what was seen)."""
    with bench.resolver(), bench.running([Soaked]) as (f,):
        idle = hold_idle(bench, f)
        try:
            seen = play(bench, f, minutes, rate or RATE)
            wrong = judge(bench, f, seen, minutes)
        finally:
            idle.stdin.close()
            idle.wait()
    for sentence in wrong:
        print(sentence)
    return (1 if wrong else 0), seen

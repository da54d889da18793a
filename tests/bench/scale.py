# SPDX-License-Identifier: BSD-2-Clause
"""What a second core brings.

On a machine of two cores the load has to run somewhere. assayd is pinned to
one core, or to two, and kept busy; from the cores it may use, the kernel's
account of what others (load, DNS, everybody else) used of them is taken away.
What remains was assayd's: used, or left idle, because it waited for a lock or
for a message. So

    throughput on N cores = N * messages / core-seconds that were assayd's

in which idle time counts against assayd, as does CPU wasted on contention.
"""
import os
import pathlib
import time

import filters
from tables import median, number, table

SETS = {"2k": (2000, 8000), "1m": (200, 600)}
SESSIONS = 16
GOAL = 1.8
LABELS = ("1 core", "2 cores")


def busy(cores):
    """Seconds these cores have worked, ours or not, or were not given."""
    ticks = 0
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        words = line.split()
        if words[0] in ["cpu%d" % c for c in cores]:
            user, nice, system, _, _, irq, soft, steal = map(int, words[1:9])
            ticks += user + nice + system + irq + soft + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def one(bench, f, name, count, mine, others):
    before, began = busy(mine), time.monotonic()
    m = bench.checked_load(f, name, count, 0, SESSIONS, before=[
        "taskset", "-c", ",".join(map(str, others))])
    wall = time.monotonic() - began
    cpu = m["cpu_ms"] * count / 1000
    free = wall * len(mine) - (busy(mine) - before - cpu)
    return {"per_second": len(mine) * count / free, "raw": count / wall,
            "cpu_ms": m["cpu_ms"], "used": cpu / free, "waits": m["waits"],
            "load_ms": m["load_cpu_ms"]}


def measure(bench):
    cores = sorted(os.sched_getaffinity(0))[:2]
    rows = [r for r in bench.rows if issubclass(r, filters.Assay)]
    if len(cores) < 2 or not rows:
        bench.said.append("scale is left out: it needs two cores and assay")
        return {}
    # Whoever is at one core has it for himself; DNS is at the other.
    layouts = [(LABELS[0], cores[:1], cores[1:]),
               (LABELS[1], cores, cores)]
    seen = {}
    with bench.resolver() as resolver:
        pin(resolver.process.pid, cores[1:])
        pin(bench.nsd.process.pid, cores[1:])
        for row in rows * bench.rounds:
            for label, mine, others in layouts:
                f = row(bench.root, bench.build)
                f.wrap = "taskset -c %s" % ",".join(map(str, mine))
                try:
                    f.start()
                    bench.load(f, "mix", 60, 0, SESSIONS)
                    for name in SETS:
                        count = SETS[name][0 if bench.quick else 1]
                        seen.setdefault((row.name, name, label), []).append(
                            one(bench, f, name, count, mine, others))
                finally:
                    f.stop()
    tell(seen, rows)
    return {" / ".join(k): v for k, v in seen.items()}


def pin(pid, cores):
    for task in os.listdir("/proc/%d/task" % pid):
        os.sched_setaffinity(int(task), cores)


def tell(seen, rows):
    lines = []
    for row in rows:
        for name in SETS:
            each = [seen[row.name, name, label] for label in LABELS]
            for label, ms in zip(LABELS, each):
                lines.append(["%s, %s, %s" % (row.name, name, label)] + [
                    number(median([m[k] for m in ms]), digits)
                    for k, digits in (("per_second", 0), ("raw", 0),
                                      ("cpu_ms", 3), ("load_ms", 3))] + [
                    number(median([m["used"] for m in ms]) * 100, 0) + " %",
                    number(median([m["waits"] for m in ms]), 1), ""])
            lines[-1][-1] = number(median(
                [b["per_second"] / a["per_second"]
                 for a, b in zip(*each)]))
    table("assay on one core and on two: messages a second of its cores, and "
          "as seen; CPU of assay and of the load per message, ms; its cores "
          "used; waits per message; 2 cores : 1 core (goal %.1f)" % GOAL,
          ["", "msgs/s", "seen", "CPU", "load", "used", "waits", "ratio"],
          lines)

# SPDX-License-Identifier: BSD-2-Clause
"""Memory of sessions that are open and say nothing."""
import json
import subprocess

from tables import number, table

SESSIONS = 1000
GOAL_MB = 60


def measure(bench):
    rounds = 1 if bench.quick else 3
    seen = {}
    with bench.resolver():
        for row in bench.rows:
            with bench.running([row]) as (f,):
                bench.load(f, "mix", 60, 0, bench.args.sessions)
                done = subprocess.run(
                    [str(bench.program("idle")), "-l", bench.list("mix"),
                     "-s", str(SESSIONS), "-k", str(rounds)] + bench.whom(f),
                    check=True, stdout=subprocess.PIPE, text=True)
            seen[f.name] = [json.loads(x) for x in done.stdout.splitlines()]
    tell(bench, seen)
    return seen


def tell(bench, seen):
    steps = [m["step"] for m in next(iter(seen.values()), [])]
    lines = []
    for name, ms in seen.items():
        lines.append([name] + [number(m["pss_kb"] / 1024, 1) for m in ms] +
                     [number(max(m["rss_kb"] for m in ms) / 1024, 1),
                      str(max(m["threads"] for m in ms))])
        if ms[-1]["failed"]:
            bench.said.append("%s, idle: %d sessions or messages failed" %
                              (name, ms[-1]["failed"]))
    table("%d sessions, idle between messages of the mix: PSS, MB, after each "
          "step; most RSS, MB (goal for assay: %d), most threads" %
          (SESSIONS, GOAL_MB), [""] + steps + ["RSS", "threads"], lines)

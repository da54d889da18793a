# SPDX-License-Identifier: BSD-2-Clause
"""Latency at a fixed rate: messages come whether the last one is answered or
not, as they do in life.
"""
from tables import number, table

SESSIONS = 64           # at the most; an MTA has 100
SET = "2k"


def measure(bench):
    """At half of what assay, and at half of what the slowest row manages."""
    seconds = 5 if bench.quick else 20
    seen = {}
    with bench.resolver(), bench.running(bench.judging()) as running:
        full = {f.name: bench.checked_load(
            f, SET, 500 if bench.quick else 3000, 60,
            bench.args.sessions)["per_second"] for f in running}
        for rate in rates(bench.args.rate, full):
            for f in running:
                seen[f.name, rate] = bench.load(
                    f, SET, int(rate * seconds), 20, SESSIONS,
                    ["-r", str(rate)])
    tell(seen, full)
    return {"full": full,
            "at": {"%s / %d" % k: v for k, v in seen.items()}}


def rates(wished, full):
    if wished:
        return [wished]
    ours = [v for name, v in full.items() if name.startswith("assay")]
    return sorted({max(1, int(v / 2)) for v in (min(full.values()),
                                                max(ours or full.values()))})


def tell(seen, full):
    lines = []
    for (name, rate), m in seen.items():
        cells = ["%s, %d/s" % (name, rate), number(full[name], 0),
                 number(m["per_second"], 0)]
        for what in ("eom_ms", "transaction_ms"):
            cells += [number(m[what][p]) for p in ("p50", "p95", "p99")]
        lines.append(cells)
    table("Open loop, messages of %s at a fixed rate: closed loop and reached, "
          "a second; end of message and whole transaction, ms" % SET,
          ["", "closed", "reached", "eom p50", "p95", "p99", "all p50", "p95",
           "p99"], lines)

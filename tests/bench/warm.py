# SPDX-License-Identifier: BSD-2-Clause
"""CPU, throughput and latency of one message after the other: with a DNS that
answers from its cache, and with one that knows nothing yet.
"""
import subprocess

import filters
from tables import median, number, table

FLOOR = "RSA + SHA-256"
DELAY = 0.05
# Messages a measurement, in --quick and else.
SETS = {"2k": (600, 3000), "20k": (0, 2000), "75k": (200, 1500),
        "1m": (30, 200), "mix": (200, 1500)}
# What issue is taken with: row, over which row (or rows, added), wished.
RATIOS = [
    ("assay, library", ["opendkim + opendmarc"],
     {"2k": 0.30, "75k": 0.40, "1m": 0.80, "mix": 0.45}),
    ("assay, native", ["opendkim + opendmarc"],
     {"2k": 0.18, "75k": 0.18, "1m": 0.25, "mix": 0.18}),
    ("assay, native", ["rspamd"],
     {"2k": 0.30, "75k": 0.06, "1m": 0.03, "mix": 0.06}),
    ("assay, native", ["nothing, no-reply", FLOOR],
     {"2k": 1.6, "75k": 1.8, "1m": 2.0, "mix": 1.8}),
]


def floor(bench, name, count):
    done = subprocess.run([str(bench.program("floor")), bench.list(name),
                           str(count)], check=True, stdout=subprocess.PIPE)
    return {"cpu_ms": float(done.stdout)}


def warm(bench, names):
    """[(row, set)] of what each round measured."""
    seen = {}
    with bench.resolver(), bench.running(bench.rows) as running:
        for turn in range(bench.rounds):
            for name in names:
                count = (bench.args.count or
                         SETS[name][0 if bench.quick else 1] or 300)
                for f in running:
                    seen.setdefault((f.name, name), []).append(
                        bench.checked_load(f, name, count,
                                           60 if turn == 0 else 10,
                                           bench.args.sessions))
                seen.setdefault((FLOOR, name), []).append(
                    floor(bench, name, count))
    tell_warm(seen, names)
    return {"%s / %s" % k: v for k, v in seen.items()}


def cold(bench):
    """One message after the other, each of a domain never seen."""
    filters.Slow(bench.nsd.PORT, DELAY)
    seen = {}
    for row in bench.judging():
        with bench.resolver(filters.Slow.PORT), bench.running([row]) as (f,):
            seen[f.name] = bench.checked_load(
                f, "cold", 30 if bench.quick else 100, 0, 1)
    tell_cold(seen)
    return seen


def tell_warm(seen, names):
    rows = list(dict.fromkeys(row for row, _ in seen))

    def cell(row, name, key):
        return median([m[key] for m in seen[row, name] if key in m])

    table("CPU of the filter per message, ms (median; warm DNS)",
          [""] + names,
          [[row] + [number(cell(row, n, "cpu_ms"), 3) for n in names]
           for row in rows])
    some = names[0]
    table("Messages of %s: a second; whole transaction, ms; peak memory, MB" %
          some, ["", "msgs/s", "p50", "p95", "p99", "MB"],
          [[row, number(cell(row, some, "per_second"), 0)] + [
              number(median([m["transaction_ms"][p]
                             for m in seen[row, some]]))
              for p in ("p50", "p95", "p99")] + [
              number(cell(row, names[-1], "peak_kb") / 1024, 1)]
           for row in rows if row != FLOOR])
    tell_ratios(seen, names, rows)


def tell_ratios(seen, names, rows):
    lines = []
    for row, over, wished in RATIOS:
        if any(r not in rows for r in [row] + over):
            continue
        cells = []
        for n in names:
            each = [m["cpu_ms"] / sum(seen[o, n][i]["cpu_ms"] for o in over)
                    for i, m in enumerate(seen[row, n])]
            cells.append(number(median(each)) + (
                " (%.2f)" % wished[n] if n in wished else ""))
        lines.append(["%s : %s" % (row, " + ".join(over))] + cells)
    if lines:
        table("Ratio of CPU (median of the rounds; in brackets: the goal)",
              [""] + names, lines)


def tell_cold(seen):
    lines = []
    peer = seen.get("opendkim + opendmarc")
    for row, m in seen.items():
        t = m["transaction_ms"]
        cells = [number(t[p], 0) for p in ("p50", "p95", "max")]
        cells += ["-"] * 2 if peer is None else [
            number(t[p] / peer["transaction_ms"][p]) for p in ("p50", "p95")]
        lines.append([row] + cells)
    table("Cold DNS, %d ms to the authoritative server: transaction, ms; "
          "ratio to opendkim + opendmarc" % (DELAY * 1000),
          ["", "p50", "p95", "max", "p50", "p95"], lines)

# SPDX-License-Identifier: BSD-2-Clause
"""What a filter adds to an SMTP transaction with a real Postfix.

smtp-source of Debian's Postfix sends one message after the other, each in a
connection of its own; what Postfix accepts it throws away, with its transport
`discard`.
"""
import os
import pathlib
import shutil
import subprocess
import time

import filters
import postfix
import sandbox
from tables import median, number, table

NONE = "no milter"
FIRST_PORT = 3000
SETS = {"2k": (60, 300), "75k": (0, 150)}

MAIN_CF = """
relay_transport = discard:
default_transport = discard:
local_transport = discard:
non_smtpd_milters =
smtpd_client_connection_rate_limit = 0
smtpd_milters =
smtpd_sasl_auth_enable = no
"""


class Postfix(postfix.Postfix):
    """A port for each row, and one without any milter."""

    def __init__(self, root, ports):
        super().__init__(root, "", "", root / "none")
        ours = {x.split(" ")[0] for x in MAIN_CF.splitlines() if x}
        lines = (self.config / "main.cf").read_text().splitlines()
        sandbox.write(self.config / "main.cf", "\n".join(
            x for x in lines if x.split(" ")[0] not in ours) + MAIN_CF)
        lines = (self.config / "master.cf").read_text().splitlines()
        lines = [x for x in lines if " inet " not in x]
        for port, milters in [(25, "")] + ports:
            lines.append("%s:%d inet n - n - - smtpd -o smtpd_milters=%s" % (
                postfix.ADDRESS, port, ",".join(milters)))
        sandbox.write(self.config / "master.cf", "\n".join(lines) + "\n")

    def cpu(self):
        """Seconds, of what lives and of what has ended."""
        ticks, mine = 0, {self.process.pid}
        for path in sorted(pathlib.Path("/proc").glob("[0-9]*/stat"),
                           key=lambda p: int(p.parent.name)):
            try:
                words = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            pid = int(path.parent.name)
            if pid in mine or int(words[1]) in mine:
                mine.add(pid)
                ticks += sum(map(int, words[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")


def cpu_of(f):
    """Seconds, exactly."""
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in f.pids()) \
        if f else 0


def letter(bench, name):
    """smtp-source ends lines itself."""
    path = bench.corpus / name / "0.eml"
    return sandbox.write(bench.root / ("smtp-%s.eml" % name),
                         path.read_bytes().replace(b"\r", b"").decode())


def send(mta, f, port, file, count):
    cpu, filter_cpu, began = mta.cpu(), cpu_of(f), time.monotonic()
    subprocess.run(["smtp-source", "-4", "-s", "1", "-m", str(count),
                    "-M", "mail.d0.example.com", "-f", "ann@d0.example.com",
                    "-t", "info@example.org", "-F", str(file),
                    "inet:%s:%d" % (postfix.ADDRESS, port)],
                   check=True, stdin=subprocess.DEVNULL)
    took = time.monotonic() - began
    return {"ms": took * 1000 / count,
            "mta_cpu_ms": (mta.cpu() - cpu) * 1000 / count,
            "cpu_ms": (cpu_of(f) - filter_cpu) * 1000 / count}


def measure(bench):
    why = missing()
    if why:
        bench.said.append("smtp is left out: " + why)
        return {}
    seen = {}
    with bench.resolver(), bench.running(bench.rows) as running:
        lanes = [(FIRST_PORT + i, f) for i, f in enumerate(running)]
        mta = Postfix(bench.root, [(p, f.sockets) for p, f in lanes])
        mta.start()
        try:
            for turn in range(bench.rounds):
                for name, counts in SETS.items():
                    count = counts[0 if bench.quick else 1]
                    if count == 0:
                        continue
                    file = letter(bench, name)
                    for port, f in [(25, None)] + lanes:
                        if turn == 0:
                            send(mta, f, port, file, 10)
                        seen.setdefault((f.name if f else NONE, name),
                                        []).append(
                            send(mta, f, port, file, count))
            check(bench, running)
        finally:
            mta.stop()
    tell(seen)
    return {"%s / %s" % k: v for k, v in seen.items()}


def check(bench, running):
    """Did assay see the messages as they were sent?"""
    for f in running:
        if not isinstance(f, filters.Assay):
            continue
        log = f.daemon.text()
        passed, judged = log.count("dmarc.result=pass"), log.count(" action=")
        if passed == 0 or passed != judged:
            bench.said.append("%s, smtp: of %d messages judged %d passed "
                              "DMARC" % (f.name, judged, passed))


def missing():
    if not postfix.installed():
        return "postfix is not installed"
    if not shutil.which("smtp-source"):
        return "smtp-source is not installed"
    return None


def tell(seen):
    lines = []
    for (row, name), ms in seen.items():
        bare = seen[NONE, name]
        more = [m["ms"] - b["ms"] for m, b in zip(ms, bare)]
        share = [100 * d / m["ms"] for d, m in zip(more, ms)]
        lines.append(["%s, %s" % (row, name)] + [
            number(median([m[k] for m in ms]), digits) for k, digits in
            (("ms", 2), ("mta_cpu_ms", 2), ("cpu_ms", 3))] + (
            ["-", "-"] if row == NONE else
            [number(median(more)), number(median(share), 0) + " %"]))
    table("SMTP with a real Postfix, one message at a time: transaction, ms; "
          "CPU of Postfix and of the filter, ms; the filter's part of the "
          "transaction, ms and share",
          ["", "ms", "Postfix", "filter", "part", "share"], lines)

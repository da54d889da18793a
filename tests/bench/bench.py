# SPDX-License-Identifier: BSD-2-Clause
"""The machine of a run: corpus, DNS, the rows that can be measured here, and
the load that is put on them.
"""
import contextlib
import json
import os
import pathlib
import resource
import subprocess

import filters
import sandbox
from servers import Nsd

ZONE = """$ORIGIN .
$TTL %d
. IN SOA ns.example.org. root.example.org. 1 3600 600 86400 %d
. IN NS ns.example.org.
ns.example.org. A 127.0.0.1
"""
DEAD = ["dead.example.net"]     # every question there fails
FILES = 8192                    # as the unit allows


class Bench:
    def __init__(self, args, ttl=3600):
        self.args = args
        self.quick = args.quick
        self.rounds = args.rounds or 3
        self.build = pathlib.Path(args.build).resolve()
        self.root = sandbox.furnish()
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
        self.corpus = self.root / "corpus"
        self.corpus.mkdir()
        subprocess.run([str(self.program("corpus")), str(self.corpus), "100"],
                       check=True)
        self.nsd = Nsd(self.root, ZONE % (ttl, ttl) +
                       (self.corpus / "zone").read_text(), DEAD)
        self.nsd.start()
        self.said = []
        filters.Assay.wrap = args.wrap
        self.rows = [f for f in filters.ALL
                     if not args.only or f.name in args.only]
        for f in list(self.rows):
            why = f(self.root, self.build).missing()
            if why:
                self.said.append("%s is left out: %s" % (f.name, why))
                self.rows.remove(f)

    def program(self, name):
        return self.build / "tests/bench" / ("bench_" + name)

    def list(self, name):
        return str(self.corpus / (name + ".list"))

    def judging(self):
        """The rows that judge a message."""
        return [f for f in self.rows if f.found == "dmarc=pass"]

    @contextlib.contextmanager
    def resolver(self, port=Nsd.PORT):
        r = filters.Unbound(self.root, port)
        r.start()
        try:
            yield r
        finally:
            r.stop()

    @contextlib.contextmanager
    def running(self, rows):
        """The filters of these rows, started."""
        all_of_them = [f(self.root, self.build) for f in rows]
        try:
            for f in all_of_them:
                f.start()
            yield all_of_them
        finally:
            for f in all_of_them:
                f.stop()

    @staticmethod
    def whom(f):
        """For our programs: which milters, which processes to count."""
        argv = []
        for s in f.sockets:
            argv += ["-m", s]
        for pid in f.pids():
            argv += ["-p", str(pid)]
        return argv

    def load(self, f, name, count, warm, sessions, more=(), before=()):
        """Play `count` messages of a set; what was seen. `more`: options of
        the load; `before`: a command before its own."""
        argv = list(before) + [
            str(self.program("load")), "-l", self.list(name),
            "-s", str(sessions), "-k", str(self.args.messages),
            "-n", str(count), "-w", str(warm), "-g", f.found]
        argv += self.whom(f) + list(more)
        if self.args.bare:
            argv.append("-b")
        hook = None
        if self.args.hook:
            hook = subprocess.Popen(self.args.hook, shell=True, env=dict(
                os.environ, PID=str(f.processes[0].pid)))
        done = subprocess.run(argv, check=True, stdout=subprocess.PIPE)
        if hook is not None:
            hook.wait()
        return json.loads(done.stdout)

    def checked_load(self, f, name, count, *rest, **more):
        """The same; says so when it was no comparison."""
        seen = self.load(f, name, count, *rest, **more)
        if seen["accepted"] != count or seen["found"] != count:
            self.said.append(
                "%s, %s: of %d messages %d were accepted, %d refused, %d "
                "broke, and %d had \"%s\"" % (
                    f.name, name, count, seen["accepted"], seen["refused"],
                    seen["broken"], seen["found"], f.found))
        return seen

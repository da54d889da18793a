#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real Postfix, real Sendmail, real DNS: every case of the tables through each
of them and through `assay check`, which have to agree; then the scenarios.

Exit status: 0 all passed, 1 something failed, 77 nothing could be run here.
"""
import argparse
import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import sandbox  # noqa: E402

NEEDED = [("nsd", "nsd"), ("postcat", "postfix"), ("ip", "iproute2"),
          ("unshare", "util-linux"), ("openssl", "openssl"),
          ("opendkim-testmsg", "opendkim-tools")]


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--assayd", default="build/release/assayd",
                   help="path of the daemon")
    p.add_argument("--assay", default="build/release/assay",
                   help="path of the tool")
    p.add_argument("--only", action="append", help="a case by name")
    p.add_argument("--mta", choices=["postfix", "sendmail", "both"],
                   default="both")
    p.add_argument("--engine", choices=["library", "native", "both"],
                   help="of SPF and DKIM")
    p.add_argument("--keep", action="store_true", help="leave the files")
    p.add_argument("--cache", help="where Sendmail is unpacked")
    p.add_argument("--list", action="store_true", help="name the cases")
    return p.parse_args()


def outside(args):
    """Prepare what needs the real machine, then go inside."""
    needed = NEEDED + ([("m4", "m4")] if args.mta != "postfix" else [])
    sandbox.require(needed)
    environ = {}
    if args.mta != "postfix":
        import sendmail
        cache = args.cache or os.path.join(
            os.environ.get("TMPDIR", "/tmp"), "assay-mta-sendmail")
        unpacked, why = sendmail.unpack(cache)
        if unpacked:
            environ["ASSAY_MTA_SENDMAIL"] = str(unpacked)
        elif args.mta == "sendmail":
            sandbox.skip("no Sendmail: " + why)
        else:
            environ["ASSAY_MTA_NO_SENDMAIL"] = why
    argv = ["/usr/bin/python3", "-B", os.path.abspath(__file__)] + sys.argv[1:]
    return sandbox.run_inside(argv, args.keep, environ)


def tables():
    import authors
    import authors_odd
    import cases
    import domains
    import forged
    return (cases.CASES + authors.CASES + authors_odd.CASES + domains.CASES +
            forged.CASES)


def scenarios():
    """(name, why, function); dns-down, queue-empty and what looks back at the
    whole run come last."""
    import deferred
    import dnssec
    import early
    import hostile
    import hundred
    import milter_client
    import milter_hostile
    import past
    import sealing
    import sessions
    import walk
    return (sessions.SCENARIOS + past.SCENARIOS + sealing.SCENARIOS +
            early.SCENARIOS + dnssec.SCENARIOS + hundred.SCENARIOS +
            deferred.SCENARIOS + milter_client.SCENARIOS +
            milter_hostile.SCENARIOS + walk.SCENARIOS + hostile.SCENARIOS +
            past.LAST)


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def line(self, name, wrong, note=""):
        if wrong:
            self.failed += 1
        else:
            self.passed += 1
        print("%-4s %-28s %s" % ("FAIL" if wrong else "ok", name, note))
        for sentence in wrong:
            print("       " + sentence)
        sys.stdout.flush()

    def skip(self, name, why):
        self.skipped += 1
        print("skip %-28s %s" % (name, why))

    def close(self):
        print("%d passed, %d failed%s" % (
            self.passed, self.failed,
            ", %d skipped" % self.skipped if self.skipped else ""))
        return 1 if self.failed else 0


def play_all(lanes, cases, letters):
    """Lanes side by side, cases one after the other in each."""
    seen, trouble = {}, []

    def run(lane):
        for case in cases:
            try:
                seen[lane.name, case.name] = lane.play(
                    case, letters[case.name])
            except Exception as e:      # noqa: BLE001: told, not lost
                trouble.append("%s, %s: %r" % (lane.name, case.name, e))

    threads = [threading.Thread(target=run, args=(lane,)) for lane in lanes]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return seen, trouble


def judge_case(case, lanes, seen):
    import judge
    wrong, notes = [], []
    for i, part in enumerate(case.parts):
        mine = [seen[lane.name, case.name][i] for lane in lanes
                if (lane.name, case.name) in seen]
        if len(mine) != len(lanes):
            wrong.append("not played everywhere")
        where = "part %d, " % (i + 1) if len(case.parts) > 1 else ""
        for s in mine:
            wrong += ["%s%s: %s" % (where, s.lane, text)
                      for text in judge.expectations(part, s)]
            if part.cut is None:
                notes.append("%s %s/%s" % (s.lane, s.action, s.rule))
            else:
                notes.append("%s %s" % (s.lane, part.cut))
        wrong += [where + text for text in judge.agreement(part, mine)]
    return wrong, ", ".join(notes)


def strays(lab, cases, seen):
    """Deliveries of what was refused or thrown away."""
    wrong = []
    for case in cases:
        for i, part in enumerate(case.parts):
            for name, sink in lab.sinks.items():
                if part.seen_by(name).action in ("accept", "tag") and \
                        part.cut is None:
                    continue
                if sink.find(part.message_id):
                    wrong.append("%s part %d was delivered by %s" %
                                 (case.name, i + 1, name))
    for s in [s for parts in seen.values() for s in parts]:
        if s.queue_id and s.action == "discard" and \
                any(sink.find(s.queue_id) for sink in lab.sinks.values()):
            wrong.append("a discarded message was delivered by " + s.lane)
    return wrong


def transactions(lab, args, tally, wanted):
    from letter import message_id
    from play import CheckLane, MtaLane
    from sign import can_seal
    cases = [c for c in tables() if wanted(c.name)]
    if not can_seal():
        for case in [c for c in cases if c.seals()]:
            tally.skip(case.name, "no python3-authres")
        cases = [c for c in cases if not c.seals()]
    letters = {}
    for case in cases:
        for i, part in enumerate(case.parts):
            part.message_id = message_id(case.name, i)
            part.text = part.letter.write(lab.keys, part.message_id)
        letters[case.name] = [p.text for p in case.parts]
    lanes = [MtaLane(lab, name) for name in lab.lanes]
    lanes.append(CheckLane(lab, os.path.abspath(args.assay)))
    seen, trouble = play_all(lanes, cases, letters)
    for case in cases:
        tally.line(case.name, *judge_case(case, lanes, seen))
    if cases:
        tally.line("nothing-astray", trouble + strays(lab, cases, seen),
                   "what was refused reached nobody")


def attempt(scenario, lab, tally, name, why):
    import hostile
    try:
        tally.line(name, scenario(lab), why)
    except hostile.Skip as e:
        tally.skip(name, str(e))
    except Exception as e:              # noqa: BLE001: told, not lost
        tally.line(name, [repr(e)], why)


def confinement(lab, tally):
    import confined
    name, why = "confined", "no system call that the systemd unit refuses"
    if confined.missing():
        tally.skip(name, "no " + confined.missing())
    else:
        tally.line(name, confined.escaped(
            [d.process.pid for d in lab.daemons]), why)


def inside(args):
    from lab import Lab
    tally = Tally()
    began = time.monotonic()

    def wanted(name):
        return not args.only or name in args.only

    here = pathlib.Path(__file__).resolve().parent
    unpacked = os.environ.get("ASSAY_MTA_SENDMAIL")
    with Lab(os.path.abspath(args.assayd), here / "test.policy", unpacked,
             with_postfix=args.mta != "sendmail",
             engine=args.engine, assay=os.path.abspath(args.assay)) as lab:
        if "ASSAY_MTA_NO_SENDMAIL" in os.environ:
            tally.skip("sendmail", os.environ["ASSAY_MTA_NO_SENDMAIL"])
        transactions(lab, args, tally, wanted)
        if args.mta != "sendmail":
            for name, why, scenario in scenarios():
                if wanted(name):
                    attempt(scenario, lab, tally, name, why)
        confinement(lab, tally)
        tally.line("daemons-well", lab.complaints(),
                   "no death, no sanitizer report, a clean end on SIGTERM")
        if tally.failed and lab.postfix:
            print("\n".join(["Postfix said:"] + lab.postfix.trouble()))
    print("took %.0f s" % (time.monotonic() - began))
    return tally.close()


def names():
    return dict([(c.name, c.why) for c in tables()] +
                [s[:2] for s in scenarios()])


def main():
    args = arguments()
    if args.list:
        for name, why in names().items():
            print("%-28s %s" % (name, why))
        return 0
    for name in args.only or ():
        if name not in names():
            sys.exit("%s: no such case; see --list" % name)
    return inside(args) if sandbox.inside() else outside(args)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: BSD-2-Clause
"""`at-most` across real restarts: assayd ends by TERM and starts again, with
the history as its only memory, and the hour goes by in between: the deferral
is moved back in the history while nobody has it open.
"""
import sqlite3
import time

import play
import postfix
from letter import Letter, message_id
from past import explain, replayed
from smtp import Client, Refused
from table import ANN

PORT = 2530
POLICY = """\
rule slow {
    when   header("X-Wish") == "slow" or dmarc.result == temperror
    tempfail 451 4.7.1 "come again"
    at-most 1h
    tag    header "X-Slow" "YES"
}
rule closed {
    when   subject == "closed"
    reject 550 5.7.1 "closed"
}
default accept
"""
LATER = "451 4.7.1 come again"
SLOW = dict(extra=["X-Wish: slow"])
BROKEN = dict(author="x@servfail.example.net")
DEAD = "127.0.0.1@5999"         # where no resolver listens


class Stage:
    """One daemon, and what is said to it."""

    def __init__(self, lab):
        self.lab, self.wrong, self.sent = lab, [], 0
        policy = lab.root / "deferred.policy"
        policy.write_text(POLICY)
        self.daemon = lab.daemon("deferred",
                                 "unix:%s/deferred.sock" % lab.root, policy)

    def expect(self, true, told):
        if not true:
            self.wrong.append(told)

    def restart(self, hours=0, resolver="127.0.0.1@53"):
        """TERM, as many hours, and start: with this resolver."""
        self.wrong += self.daemon.stop()
        if hours:
            with sqlite3.connect(self.daemon.history) as db:
                db.execute("UPDATE deferral SET first = first - ?",
                           (3600 * hours,))
            db.close()
        self.at_start = self.remembered()
        conf = self.daemon.conf.read_text()
        before, _, rest = conf.partition("servers = {")
        self.daemon.conf.write_text(
            '%sservers = { "%s" }%s' % (before, resolver,
                                        rest.partition("}")[2]))
        self.daemon.start()

    def remembered(self):
        """While nobody has it open: for how many hours each is deferred."""
        with sqlite3.connect(self.daemon.history) as db:
            rows = db.execute("SELECT (? - first) / 3600 FROM deferral "
                              "ORDER BY first", (time.time(),)).fetchall()
        db.close()
        return [int(hours) for hours, in rows]

    def post(self, told, want, author=ANN, mail=None, **how):
        """Send it; complain unless the reply begins so. (reply, message)"""
        self.sent += 1
        client = Client(postfix.ADDRESS, PORT, "192.0.2.10")
        client.hello("mail.example.com")
        try:
            client.envelope(ANN if mail is None else mail,
                            ["bob@example.org"])
            reply = client.data(Letter(author, **how).write(
                self.lab.keys, message_id("deferred", self.sent)))
        except Refused as e:
            reply = e.reply
        client.quit()
        self.expect(reply.startswith(want),
                    "%s: the reply is %r" % (told, reply))
        found = play.QUEUE_ID.search(reply)
        return reply, found and self.lab.sinks["postfix"].wait(found.group(1))

    def logged(self):
        return play.verdicts(self.daemon.text())[-1]


def let_through(stage, message, told):
    """All that says that, and why, the message was let pass."""
    if message is None:
        stage.wrong.append(told + ": not delivered")
        return
    for name, value in (("Assay-Deferral", "rule=slow; at-most=3600s"),
                        ("X-Slow", "YES")):
        stage.expect(message.values(name) == [value], "%s: %s is %s" % (
            told, name, message.values(name)))
    stamp = message.values("Assay-Result")[0]
    stage.expect(stamp.startswith("tag; rule=slow;") and
                 stamp.endswith("deferred=slow"), "%s: %s" % (told, stamp))
    stage.expect(stage.logged().get("deferred") == "slow",
                 "%s: the log says %s" % (told, stage.logged()))
    record = explain(stage.lab, stage.daemon, stage.logged()["id"])[0]
    step = [r for r in record["detail"]["rules"] if r["rule"] == "slow"][0]
    stage.expect("deferred long enough" in step.get("note", ""),
                 "%s: explain says %s" % (told, step))


def at_most(lab):
    """The rest of the hour is waited for after a restart, and no more. While
    nobody gets an answer from the DNS it is not the sender's fault: his time
    does not run, and he is not let pass. His own dead name servers are his."""
    stage = Stage(lab)
    stage.post("first", LATER, **SLOW)
    stage.restart(resolver=DEAD)
    stage.post("our resolver is dead", LATER, **BROKEN)
    stage.restart()
    stage.expect(stage.at_start == [0], "remembered though our resolver was "
                 "dead: %s" % stage.at_start)
    stage.post("after a restart", LATER, **SLOW)
    stage.post("the sender's servers are dead", LATER, **BROKEN)
    stage.restart(hours=2, resolver=DEAD)
    stage.expect(stage.at_start == [2, 2], "remembered: %s" % stage.at_start)
    stage.post("he has waited, but we are dead", LATER, **BROKEN)
    stage.restart()
    for told, how in (("waited", SLOW), ("waited for the DNS", BROKEN)):
        _, message = stage.post(told, "250 ", **how)
        let_through(stage, message, told)
    stage.post("rules below still refuse", "550 5.7.1 closed",
               subject="closed", **SLOW)
    stage.post("a sender of today", LATER, mail="y@example.com", **SLOW)
    explain(lab, stage.daemon, stage.logged()["id"])    # all is written
    again = replayed(lab, stage.daemon, stage.daemon.policy)
    stage.expect((again["unchanged"], again["changed"]) == (stage.sent, 0),
                 "replay says %s" % again)
    return stage.wrong


SCENARIOS = [
    ("at-most-restart", "deferrals end in time over restarts; a sick resolver "
     "counts against nobody", at_most),
]

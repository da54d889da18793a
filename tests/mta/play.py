# SPDX-License-Identifier: BSD-2-Clause
"""One case through one lane: a real MTA with assayd behind it, or the tool."""
import json
import re
import subprocess
import time
from dataclasses import dataclass, field

from smtp import Client, Delivered, Refused

PAIR = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|\S*)')
QUEUE_ID = re.compile(r"queued as (\w+)|^250 2\.0\.0 (\w+) Message accepted")


@dataclass
class Seen:
    """What one lane made of one part."""
    lane: str
    reply: str = ""
    rcpt_replies: str = ""
    action: str = None
    rule: str = None
    message: Delivered = None
    queue_id: str = None
    results: str = None         # Authentication-Results, ours, unfolded
    facts: dict = field(default_factory=dict)   # by their names in the log
    removed: int = None         # fields that are taken out
    wrong: list = field(default_factory=list)


def verdicts(text):
    """The daemon's lines about messages, as dictionaries."""
    return [{key: value.strip('"') for key, value in PAIR.findall(line)}
            for line in text.splitlines() if " action=" in line]


class MtaLane:
    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.address, self.address6, self.port, self.daemon = lab.lanes[name]
        self.mta = lab.postfix if name.startswith("postfix") else lab.sendmail
        self.sink = lab.sinks[name.split()[0]]

    def play(self, case, letters):
        seen = [Seen(self.name) for _ in case.parts]
        server = self.address6 if ":" in case.client else self.address
        try:
            client = Client(server, self.port, case.client)
            client.hello(case.helo, case.login)
            for part, letter, s in zip(case.parts, letters, seen):
                self.part(client, part, letter, s)
            if case.parts[-1].cut != "vanish":
                client.quit()
        except (Refused, OSError) as e:
            seen[-1].wrong.append("the session broke: %s" % e)
        for part, s in zip(case.parts, seen):
            self.aftermath(part.seen_by(self.name), s)
        return seen

    def part(self, client, part, letter, s):
        before = len(verdicts(self.daemon.text()))
        replies = client.envelope(part.mail, part.rcpt)
        s.rcpt_replies = "\n".join(replies)
        if part.cut == "rset":
            client.command("RSET")
            return
        if part.cut == "vanish":
            client.vanish(letter)
            return
        s.reply = client.data(letter)
        if part.seen_by(self.name).action is None:
            return              # the MTA's own answer
        refused = sum(r[0] != "2" for r in replies)
        lines = self.verdict_lines(before, refused + 1)
        if len(lines) != refused + 1:
            s.wrong.append("the log has %d verdicts, not %d" %
                           (len(lines), refused + 1))
        if lines:
            s.action, s.rule = lines[-1].get("action"), lines[-1].get("rule")
            s.facts = lines[-1]

    def verdict_lines(self, before, wanted, seconds=10):
        end = time.monotonic() + seconds
        while True:
            lines = verdicts(self.daemon.text())[before:]
            if len(lines) >= wanted or time.monotonic() > end:
                return lines
            time.sleep(0.02)

    def aftermath(self, part, s):
        """Where the message went, by the queue id of the reply."""
        found = QUEUE_ID.search(s.reply)
        if part.cut or not found:
            return
        s.queue_id = found.group(1) or found.group(2)
        if part.action == "quarantine":
            self.held(s)
            return
        if part.action == "discard":
            return              # whether it really vanished: strays()
        s.message = self.sink.wait(s.queue_id)
        if s.message is None:
            s.wrong.append("accepted but not delivered")
            return
        ours = [v for v in s.message.values("Authentication-Results")
                if v.startswith("mx.example.org;")]
        if s.message.fields[0][0] != "Authentication-Results":
            s.wrong.append("the first field is " + s.message.fields[0][0])
        if len(ours) != 1:
            s.wrong.append("%d Authentication-Results of ours" % len(ours))
        else:
            s.results = ours[0]
        if b"\r" in s.message.raw.replace(b"\r\n", b""):
            s.wrong.append("a bare CR was delivered")
        stamp = " ".join(s.message.values("Assay-Result"))
        if not stamp.startswith("%s; rule=%s; id=" % (s.action, s.rule)):
            s.wrong.append("Assay-Result is %r" % stamp)

    def held(self, s):
        for _ in range(100):
            held = [text for name, text in self.mta.held()
                    if s.queue_id in name]
            if held:
                return
            time.sleep(0.05)
        s.wrong.append("not in the hold queue")


class CheckLane:
    """assay check, with the DNS from a file."""
    name = "check"

    def __init__(self, lab, program):
        self.lab, self.program = lab, program
        self.conf = lab.daemons[0].conf

    def play(self, case, letters):
        return [Seen(self.name) if part.cut else self.one(case, part, letter)
                for part, letter in zip(case.parts, letters)]

    def one(self, case, part, letter):
        s = Seen(self.name)
        # Recipients that were refused at RCPT never reach the end.
        rcpt = [r for r in part.rcpt if r != "nobody@example.org"]
        argv = [self.program, "check", "--conf", str(self.conf), "--zone",
                str(self.lab.zone), "--ip", case.client, "--helo", case.helo,
                "--from", part.mail, "--json"]
        for r in rcpt:
            argv += ["--rcpt", r]
        if case.login:
            argv += ["--auth", case.login[0]]
        done = subprocess.run(argv + ["-"], input=letter,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            s.wrong.append("exit %d: %s" % (
                done.returncode, done.stderr.decode(errors="replace")[-300:]))
            return s
        said = json.loads(done.stdout)
        verdict = said["verdict"]
        s.action, s.rule = verdict["action"], verdict["rule"]
        s.facts = dict(said["facts"], **{
            "header.from": said["facts"].get("from.domain",
                                             said["facts"]["from.status"])})
        s.removed = len(said["headers"]["removed"])
        for added in said["headers"]["added"]:
            if added["name"] == "Authentication-Results":
                s.results = " ".join(added["value"].split())
        if s.action in ("reject", "tempfail"):
            s.reply = "%s %s %s" % (verdict["code"], verdict["enhanced"],
                                    verdict["reply"])
        return s

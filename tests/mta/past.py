# SPDX-License-Identifier: BSD-2-Clause
"""What the daemons keep of past messages, read by the tool: `assay explain`
for one message of every kind, `assay replay` for all that this run has sent.
"""
import json
import subprocess
from dataclasses import dataclass, field

import play
from hostile import Skip
from letter import Letter, message_id
from servers import until
from sessions import doors
from smtp import Client
from table import ANN

PTR = ("10.2.0.192.in-addr.arpa", "PTR")


@dataclass
class Row:
    """One message, and what its record has to tell."""
    name: str
    action: str
    rule: str
    letter: Letter
    mail: str = ANN
    rcpt: list = field(default_factory=lambda: ["bob@example.org"])
    phase: str = "eom"
    told: str = None            # what else the MTA was told
    asked: dict = field(default_factory=dict)   # questions, and the answers


def wish(word):
    return Letter(ANN, extra=["X-Wish: " + word])


EXAMPLE = {
    PTR: "mail.example.com",
    ("example.com", "TXT"): "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all",
    ("_dmarc.example.com", "TXT"):
        "v=DMARC1; p=reject; sp=quarantine; np=reject",
}
STRICT = {PTR: "mail.example.com", ("_dmarc.strict.example.net", "TXT"):
          "v=DMARC1; p=reject; aspf=s; adkim=s"}
QUAR = {PTR: "mail.example.com",
        ("_dmarc.quar.example.net", "TXT"): "v=DMARC1; p=quarantine"}

ROWS = [
    Row("accept", "accept", "default", Letter(ANN), asked=EXAMPLE),
    Row("tag", "tag", "dmarc-quarantine", Letter("x@quar.example.net"),
        asked=QUAR),
    Row("reject", "reject", "dmarc-reject", Letter("x@strict.example.net"),
        asked=STRICT),
    Row("tempfail", "tempfail", "wished-later", wish("tempfail"),
        asked=EXAMPLE),
    Row("quarantine", "quarantine", "wished-held", wish("quarantine"),
        told="a person shall look at this", asked=EXAMPLE),
    Row("discard", "discard", "wished-away", wish("discard"), asked=EXAMPLE),
    Row("early", "reject", "no-such-person", Letter(ANN), phase="rcpt",
        rcpt=["nobody@example.org", "bob@example.org"]),
]


def tool(lab, *argv):
    done = subprocess.run([lab.assay] + [str(a) for a in argv],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def explain(lab, daemon, word):
    """The records that have this id; they are written in the background."""
    said = []

    def there():
        said[:] = tool(lab, "explain", word, "--conf", daemon.conf, "--json")
        return said[0] == 0

    until(there, 20, "a record of " + word)
    return json.loads(said[1])["messages"]


def send(lab, row, sink, address, port):
    """(the reply that the row is about, message delivered or None)"""
    client = Client(address, port, "192.0.2.10")
    client.hello("mail.example.com")
    replies = client.envelope(row.mail, row.rcpt)
    reply = client.data(row.letter.write(
        lab.keys, message_id("explain", row.name, sink, port)))
    client.quit()
    if row.phase == "rcpt":
        return replies[0], None
    found = play.QUEUE_ID.search(reply)
    if row.action not in ("accept", "tag") or not found:
        return reply, None
    return reply, lab.sinks[sink].wait(found.group(1) or found.group(2))


def id_of(reply, message, logged):
    """From where a person would take it."""
    if "(id " in reply:
        return reply.rpartition("(id ")[2].rstrip(")")
    if message is not None:
        stamp = message.values("Assay-Result")[0]
        return stamp.partition("id=")[2].partition(";")[0]
    return logged["id"]         # the sender is not told, by intent


def told_wrong(row, record, reply, message):
    if row.action in ("reject", "tempfail"):
        # Sendmail repeats the recipient between the code and the text.
        code = "%(code)s %(enhanced)s " % record
        if reply.startswith(code) and reply.endswith(" " + record["reply"]):
            return []
        return ["%s%s is not %r" % (code, record["reply"], reply)]
    wrong = []
    if row.told and record.get("reply") != row.told:
        wrong.append("the reason is %r" % record.get("reply"))
    wanted = "none" if row.action == "discard" else "made"
    if record["edits"] != wanted:
        wrong.append("the edits were %s" % record["edits"])
    if row.action not in ("accept", "tag"):
        return wrong
    if message is None:
        return wrong + ["not delivered"]
    for n, added in enumerate(record["detail"]["headers"]["added"]):
        name, value = message.fields[n]
        if (name, value.split()) != (added["name"], added["value"].encode()
                                     .split()):
            wrong.append("field %d is %s, not %r" % (n, name, added))
    return wrong


def record_wrong(daemon, row, record):
    wrong = ["%s is %r" % (name, record.get(name))
             for name in ("action", "rule", "phase")
             if record.get(name) != getattr(row, name)]
    fired = [r["rule"] for r in record["detail"]["rules"] if r.get("fired")]
    if fired[-1:] != [row.rule]:
        wrong.append("the rules that fired: %s" % fired)
    if record["file"] != str(daemon.policy):
        wrong.append("by the policy %s" % record["file"])
    answers = {(q["name"], q["type"]): q.get("records", [])
               for q in record["detail"].get("dns", [])}
    return wrong + ["%s %s: %r" % (question + (answers.get(question),))
                    for question, answer in row.asked.items()
                    if answers.get(question) != [answer]]


def explained(lab, row, sink, address, port, daemon):
    before = len(play.verdicts(daemon.text()))
    reply, message = send(lab, row, sink, address, port)
    logged = play.verdicts(daemon.text())[before]
    word = id_of(reply, message, logged)
    if word != logged["id"]:
        return ["the id is %r, %s in the log" % (word, logged["id"])]
    records = [r for r in explain(lab, daemon, word)
               if r["phase"] == row.phase]
    if len(records) != 1:
        return ["%d records of %s" % (len(records), word)]
    record = records[0]
    wrong = record_wrong(daemon, row, record)
    wrong += told_wrong(row, record, reply, message)
    found = play.QUEUE_ID.search(reply)
    queue_id = record.get("queue_id")
    if found and queue_id != (found.group(1) or found.group(2)):
        wrong.append("its queue id is %r, the reply is %r" % (queue_id, reply))
    if queue_id and record not in explain(lab, daemon, queue_id):
        wrong.append("no such record by queue id %s" % queue_id)
    if not queue_id and row.phase == "eom":
        wrong.append("it has no queue id")
    return wrong


def every_action(lab):
    return ["%s, port %d, %s: %s" % (door[0], door[2], row.name, text)
            for door in doors(lab) for row in ROWS
            for text in explained(lab, row, *door)]


def replayed(lab, daemon, policy):
    """What `assay replay` says of a daemon's messages of this run."""
    code, out, err = tool(lab, "replay", "--since", "1d", "--policy", policy,
                          "--conf", daemon.conf, "--json")
    if code:
        raise RuntimeError("replay: exit %d: %s" % (code, err))
    return json.loads(out)


def all_again(lab):
    """The same policy decides the same by the record as it did in life, for
    every message there was. What a killed daemon had not written is lost."""
    wrong, total = [], 0
    # These have many policies: see there.
    daemons = [d for d in lab.daemons if d.name not in ("hundred", "walk")]
    for daemon in daemons:
        judged = len(play.verdicts(daemon.text()[daemon.killed_at:]))
        said = {}

        def written():
            said.update(replayed(lab, daemon, daemon.policy))
            return said["messages"] >= judged

        try:
            until(written, 20, "%d records" % judged)
        except RuntimeError as e:
            wrong.append("%s: %s: %d" % (daemon.name, e, said["messages"]))
        total += said["messages"]
        if said["changed"] or said["cannot_say"]:
            wrong.append("%s: %s" % (daemon.name, {
                k: said[k] for k in ("messages", "changed", "cannot_say",
                                     "by_rule", "stopped")}))
        wrong += not_computed(lab, daemon)
    if not total:
        raise Skip("no message was sent")
    print("       replayed: %d messages of %d daemons" % (
        total, len(daemons)))
    return wrong


def not_computed(lab, daemon):
    """The newest records: each of them can be explained, too."""
    wrong = []
    for said in play.verdicts(daemon.text()[daemon.killed_at:])[-5:]:
        for record in explain(lab, daemon, said["id"]):
            if record.get("not_computed") or record.get("remark"):
                wrong.append("%s %s: %s" % (
                    daemon.name, said["id"],
                    record.get("not_computed") or record["remark"]))
    return wrong


SCENARIOS = [
    ("explain", "one message of every kind, by id and by queue id",
     every_action),
]
LAST = [
    ("history-replay", "all messages of the run, decided again by the record",
     all_again),
]

# SPDX-License-Identifier: BSD-2-Clause
"""What senders, administrators and bad days do to the daemon, through Postfix.

A scenario returns what went wrong, as sentences; none is a pass. All use one
more daemon, "spare", behind port 2525 of Postfix, with a policy of its own.
"""
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

import play
import postfix
from letter import Letter, message_id
from servers import until
from smtp import Client, Refused
from table import ANN, RELAXED

TAKEN = "250 "


def spare(lab):
    for d in lab.daemons:
        if d.name == "spare":
            return d
    policy = lab.root / "spare.policy"
    shutil.copy(lab.policy, policy)
    return lab.daemon("spare", "unix:%s/spare.sock" % lab.root, policy)


class Skip(Exception):
    """This scenario cannot be had here, and why."""


class Door:
    """Where a scenario knocks: an MTA's port, and the daemon behind it."""

    def __init__(self, lab, mta="postfix"):
        if mta == "sendmail":
            if lab.sendmail is None:
                raise Skip("no Sendmail")
            self.address, _, self.port, self.daemon = lab.lanes["sendmail"]
        else:
            self.address, self.port = postfix.ADDRESS, 2525
            self.daemon = spare(lab)
        self.sink = lab.sinks[mta]

    def post(self, text, mail=ANN):
        """The reply to the message, whichever command it came to."""
        client = None
        try:
            client = Client(self.address, self.port, "192.0.2.10")
            client.hello("mail.example.com")
            client.envelope(mail, ["bob@example.org"])
            return client.data(text)
        except Refused as e:
            return e.reply
        finally:
            if client is not None:
                client.quit()


def answered(lab, name, letter, mail=ANN, want=TAKEN, results=(),
             mta="postfix"):
    """Send it; complain unless we (not the MTA's default) answered so."""
    door = Door(lab, mta)
    before = len(play.verdicts(door.daemon.text()))
    reply = door.post(letter.write(lab.keys, message_id("hostile", name)), mail)
    wrong = [] if reply.startswith(want) else ["the reply is %r" % reply]
    if len(play.verdicts(door.daemon.text())) == before:
        wrong.append("the daemon has decided nothing")
    if door.daemon.process.poll() is not None:
        return wrong + ["the daemon died"]
    found = play.QUEUE_ID.search(reply)
    if wrong or not found:
        return wrong
    message = door.sink.wait(found.group(1) or found.group(2))
    if message is None:
        return ["accepted but not delivered"]
    fields = message.values("Authentication-Results")
    ours = fields[0] if fields else ""
    if not ours.startswith("mx.example.org;"):
        return ["delivered with %r" % fields]
    return ["no %r in %r" % (r, ours) for r in results if r not in ours]


def large_field(octets, canon="relaxed/relaxed"):
    line = "\r\n " + "a" * 70
    value = line * (octets // len(line))
    return Letter(ANN, extra=["X-Large:" + value], sign=[
        dict(RELAXED, canon=canon, headers=[b"from", b"x-large"])])


def field_large(lab):
    """A Postfix that has milters cuts a field at 60,000 octets, for everybody,
    so the signature cannot hold; but we are asked, and we answer."""
    wrong = answered(lab, "large-59000", large_field(59000, "simple/simple"),
                     results=["dkim=pass", "dmarc=pass"])
    for octets in (65400, 65600, 102000):
        wrong += answered(lab, "large-%d" % octets, large_field(octets),
                          results=["dkim=fail", "dmarc=pass"])
    return wrong


def field_large_sendmail(lab):
    """Beyond 65,535 octets Sendmail itself gives up, whatever the filter."""
    wrong = []
    for octets in (59000, 65400):
        wrong += ["%d octets: %s" % (octets, text) for text in answered(
            lab, "large-sm-%d" % octets, large_field(octets), mta="sendmail",
            results=["dkim=pass", "dmarc=pass"])]
    return wrong


def fields_1000(lab):
    extra = ["X-Number-%d: %d" % (n, n) for n in range(1000)]
    return answered(lab, "1000", Letter(ANN, extra=extra, sign=[RELAXED]),
                    results=["dkim=pass"])


def same_field_500(lab):
    extra = ["Authentication-Results: mx.example.org; spf=pass"] * 500
    return answered(lab, "same", Letter(ANN, top=extra, sign=[RELAXED]),
                    results=["dkim=pass"])


def strange_bytes(lab):
    wrong = []
    for name, letter in (
            ("nul-field", Letter(ANN, extra=["X-Nul: a\0b",
                                             "X-8: \xff\xfe\x80"])),
            ("nul-body", Letter(ANN, body=b"a\0b\xff\r\n\0\r\n",
                                sign=[RELAXED])),
            ("controls", Letter(ANN, subject="\x01\x02\x1b[31m\x7f\x80",
                                extra=["X-\x80\x81: y", "List-Id: <\0>"])),
            ("bare-cr", Letter(ANN, body=b"a\rb\r\n\r\r\r\n", sign=[RELAXED])),
            ("long-line", Letter(ANN, body=b"x" * 200000 + b"\r\n")),
            ("no-colon", Letter(ANN, extra=["this is not a field"])),
            ("signature", Letter(ANN, extra=[
                "DKIM-Signature: v=1; a=rsa-sha256; s=\xff; d=" + "a." * 400,
                "DKIM-Signature:" + " b=;" * 2000,
                "ARC-Seal: i=1; cv=none; d=\xff",
                "ARC-Seal: i=999999999999"]))):
        wrong += [name + ": " + text for text in answered(lab, name, letter)]
    return wrong


def dns_down(lab):
    """Nothing is known, the policy has its word for that, and time is kept."""
    daemon = spare(lab)
    lab.nsd.stop()
    try:
        wrong = answered(lab, "dns-down", Letter("x@quar.example.net"),
                         mail="x@quar.example.net", want="451 4.7.24")
        said = play.verdicts(daemon.text())[-1]
        if said.get("dmarc.result") != "temperror":
            wrong.append("dmarc is %s" % said.get("dmarc.result"))
    finally:
        lab.nsd.start()
    for _ in range(30):         # failures are cached for some seconds
        again = answered(lab, "dns-up", Letter("x@quar.example.net"),
                         mail="x@quar.example.net")
        if not again:
            return wrong
        time.sleep(1)
    return wrong + ["and it does not recover: %s" % again[0]]


def reload_under_load(lab):
    daemon = spare(lab)
    wrong, sessions = [], 20

    def sender(first):
        for n in range(first, sessions, 4):
            wrong.extend(answered(lab, "load-%d" % n,
                                  Letter(ANN, sign=[RELAXED]),
                                  results=["dkim=pass"]))

    threads = [threading.Thread(target=sender, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for _ in range(10):
        wrong += reload(daemon, "reloaded: policy spare")
        time.sleep(0.1)
    for t in threads:
        t.join()
    return wrong


def reload(daemon, word):
    """HUP, and wait until the log says what became of it."""
    before = daemon.text().count(word)
    daemon.signal(signal.SIGHUP)
    try:
        until(lambda: daemon.text().count(word) > before, 20,
              "%r after HUP" % word, daemon.process)
    except RuntimeError as e:
        return [str(e)]
    return []


def second_start(lab):
    daemon = spare(lab)
    try:
        done = subprocess.run([daemon.program, "-c", str(daemon.conf), "-f"],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=20)
    except subprocess.TimeoutExpired:
        return ["the second one runs"]
    said = done.stdout.decode(errors="replace")
    wrong = [] if done.returncode else ["the second one started"]
    if "spare.sock" not in said:
        wrong.append("it does not name the socket: %r" % said[-300:])
    return wrong + answered(lab, "still-there", Letter(ANN))


def broken_policy(lab):
    daemon = spare(lab)
    policy = pathlib.Path(lab.root / "spare.policy")
    good = policy.read_text()
    policy.write_text("rule oops {\n\twhen dmark.result == fail\n"
                      "\taccept\n}\n" + good)
    wrong = reload(daemon, "not reloaded")
    if not re.search(r"spare\.policy:2:\d+: ", daemon.text()):
        wrong.append("the log does not say where")
    wrong += answered(lab, "old-policy", Letter(ANN))
    policy.write_text(good)
    return wrong + reload(daemon, "reloaded: policy spare")


def stale_socket(lab):
    """Killed, not stopped: the MTA defers, the next start cleans up."""
    daemon = spare(lab)
    daemon.kill()
    reply = Door(lab).post(Letter(ANN).write(
        lab.keys, message_id("hostile", "gone")))
    wrong = [] if reply.startswith("4") else ["without us: %r" % reply]
    daemon.start()
    return wrong + answered(lab, "back", Letter(ANN))


def stop_in_flight(lab):
    """SIGTERM inside DATA: the message is still answered, then it ends."""
    daemon = spare(lab)
    text = Letter(ANN, sign=[RELAXED]).write(lab.keys,
                                             message_id("hostile", "flight"))
    client = Client(postfix.ADDRESS, 2525, "192.0.2.10")
    client.hello("mail.example.com")
    client.envelope(ANN, ["bob@example.org"])
    client.command("DATA")
    client.socket.sendall(text[:200])
    # Postfix speaks to us at MAIL, so we hold this message by now.
    daemon.signal(signal.SIGTERM)
    time.sleep(0.5)
    client.socket.sendall(text[200:] + b".\r\n")
    reply = client.reply()
    client.quit()
    wrong = [] if reply.startswith(TAKEN) else ["the reply is %r" % reply]
    wrong += daemon.stop(signalled=True)
    daemon.start()
    return wrong


def turned_away(lab):
    """One message holds us while we stop; one that begins now is deferred."""
    daemon = spare(lab)
    texts = [Letter(ANN).write(lab.keys, message_id("hostile", name))
             for name in ("held", "late")]
    held, late = [Client(postfix.ADDRESS, 2525, "192.0.2.10") for _ in texts]
    for client in (held, late):
        client.hello("mail.example.com")
    held.envelope(ANN, ["bob@example.org"])
    held.command("DATA")
    time.sleep(0.5)
    daemon.signal(signal.SIGTERM)
    time.sleep(0.5)
    try:
        late.envelope(ANN, ["bob@example.org"])
        reply = late.data(texts[1])
    except Refused as e:
        reply = str(e)
    wrong = [] if reply.startswith("451 4.3.2") else \
        ["the late one's reply is %r" % reply]
    held.socket.sendall(texts[0] + b".\r\n")
    reply = held.reply()
    wrong += [] if reply.startswith(TAKEN) else \
        ["the held one's reply is %r" % reply]
    for client in (held, late):
        client.quit()
    wrong += daemon.stop(signalled=True)
    daemon.start()
    return wrong


def submitted_locally(lab):
    """By sendmail(1): no client, nothing to judge, never refused."""
    mark = message_id("hostile", "submitted")
    text = Letter("boss@example.org").write(lab.keys, mark)
    lab.postfix.submit("boss@example.org", "bob@example.org",
                       text.replace(b"\r\n", b"\n"))
    message = lab.sinks["postfix"].wait(mark)
    if message is None:
        return ["not delivered"]
    stamp = " ".join(message.values("Assay-Result"))
    return [] if "rule=inside;" in stamp else ["Assay-Result is %r" % stamp]


def queue_empty(lab):
    """Nothing waits in Postfix's queue any more."""
    try:
        until(lambda: not lab.postfix.waiting(), 20, "an empty queue")
    except RuntimeError:
        return ["still there: %s" % [p.name for p in lab.postfix.waiting()]]
    return []


SCENARIOS = [
    ("field-large", "header fields up to 102,000 octets", field_large),
    ("field-large-sendmail", "up to 65,400 octets through Sendmail",
     field_large_sendmail),
    ("fields-1000", "a thousand header fields", fields_1000),
    ("forged-500", "500 fields that claim our name", same_field_500),
    ("strange-bytes", "NUL, 8-bit, controls, bare CR, one endless line",
     strange_bytes),
    ("submitted-locally", "mail that did not come by SMTP", submitted_locally),
    ("reload-under-load", "20 sessions while 10 HUPs arrive",
     reload_under_load),
    ("second-start", "a live socket is an error that names it", second_start),
    ("broken-policy", "a bad policy at reload: the old one stays, with place",
     broken_policy),
    ("stale-socket", "killed and started again", stale_socket),
    ("stop-in-flight", "SIGTERM while a message is under way", stop_in_flight),
    ("stop-turns-away", "a message that begins while we stop", turned_away),
    ("dns-down", "no DNS server at all: temperror, and the policy's answer",
     dns_down),
    ("queue-empty", "nothing is left behind in the queue", queue_empty),
]

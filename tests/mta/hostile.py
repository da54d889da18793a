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
from cases import ANN, RELAXED
from letter import Letter, message_id
from servers import until
from smtp import Client, Refused

TAKEN = "250 "


def spare(lab):
    for d in lab.daemons:
        if d.name == "spare":
            return d
    policy = lab.root / "spare.policy"
    shutil.copy(lab.policy, policy)
    return lab.daemon("spare", "unix:%s/spare.sock" % lab.root, policy)


def post(text, mail=ANN, source="192.0.2.10"):
    """The reply to the message, whichever command it came to."""
    client = None
    try:
        client = Client(postfix.ADDRESS, 2525, source)
        client.hello("mail.example.com")
        client.envelope(mail, ["bob@example.org"])
        return client.data(text)
    except Refused as e:
        return e.reply
    finally:
        if client is not None:
            client.quit()


def answered(lab, name, letter, mail=ANN, want=TAKEN, results=()):
    """Send it; complain unless we (not the MTA's default) answered so."""
    daemon = spare(lab)
    before = len(play.verdicts(daemon.text()))
    reply = post(letter.write(lab.keys, message_id("hostile", name)), mail)
    wrong = [] if reply.startswith(want) else ["the reply is %r" % reply]
    if len(play.verdicts(daemon.text())) == before:
        wrong.append("the daemon has decided nothing")
    if daemon.process.poll() is not None:
        return wrong + ["the daemon died"]
    found = play.QUEUE_ID.search(reply)
    if wrong or not found:
        return wrong
    message = lab.sinks["postfix"].wait(found.group(1))
    if message is None:
        return ["accepted but not delivered"]
    fields = message.values("Authentication-Results")
    ours = fields[0] if fields else ""
    if not ours.startswith("mx.example.org;"):
        return ["delivered with %r" % fields]
    return ["no %r in %r" % (r, ours) for r in results if r not in ours]


def large_field(octets):
    line = "\r\n " + "a" * 70
    value = line * (octets // len(line) + 1)
    return "X-Large:" + value[:octets]


def field_100k(lab):
    letter = Letter(ANN, extra=[large_field(102000)],
                    sign=[dict(RELAXED, headers=[b"from", b"x-large"])])
    return answered(lab, "100k", letter, results=["dkim=pass", "dmarc=pass"])


def field_64k(lab):
    wrong = []
    for octets in (65400, 65535, 65600):
        letter = Letter(ANN, extra=[large_field(octets)], sign=[
            dict(RELAXED, canon="simple/simple", headers=[b"from", b"x-large"])])
        wrong += answered(lab, "64k-%d" % octets, letter,
                          results=["dkim=pass", "dmarc=pass"])
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
            ("nul-field", Letter(ANN, extra=["X-Nul: a\0b", "X-8: \xff\xfe\x80"])),
            ("nul-body", Letter(ANN, body=b"a\0b\xff\r\n\0\r\n", sign=[RELAXED])),
            ("controls", Letter(ANN, subject="\x01\x02\x1b[31m\x7f\x80",
                                extra=["X-\x80\x81: y", "List-Id: <\0>"])),
            ("bare-cr", Letter(ANN, body=b"a\rb\r\n\r\r\r\n", sign=[RELAXED])),
            ("long-line", Letter(ANN, body=b"x" * 200000 + b"\r\n")),
            ("no-colon", Letter(ANN, extra=["this is not a field"])),
            ("signature", Letter(ANN, extra=[
                "DKIM-Signature: v=1; a=rsa-sha256; d=" + "a." * 400 + "; s=\xff",
                "DKIM-Signature:" + " b=;" * 2000,
                "ARC-Seal: i=1; cv=none; d=\xff", "ARC-Seal: i=999999999999"]))):
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
    line = good.count("\n") + 2
    policy.write_text(good + "\nrule oops {\n\twhen dmark.result == fail\n"
                      "\taccept\n}\n")
    wrong = reload(daemon, "not reloaded")
    if not re.search(r"spare\.policy:\d+:\d+", daemon.text()):
        wrong.append("the log names no place")
    if not re.search(r"spare\.policy:(%d|%d):" % (line, line + 1), daemon.text()):
        wrong.append("the log does not name line %d" % (line + 1))
    wrong += answered(lab, "old-policy", Letter(ANN))
    policy.write_text(good)
    return wrong + reload(daemon, "reloaded: policy spare")


def stale_socket(lab):
    """Killed, not stopped: the MTA defers, the next start cleans up."""
    daemon = spare(lab)
    daemon.process.kill()
    daemon.process.wait()
    reply = post(Letter(ANN).write(lab.keys, message_id("hostile", "gone")))
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
    ("field-of-100-kb", "one header field of 102,000 octets, signed over",
     field_100k),
    ("field-of-64-kb", "fields around the packet size of libmilter", field_64k),
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
    ("dns-down", "no DNS server at all: temperror, and the policy's answer",
     dns_down),
    ("queue-empty", "nothing is left behind in the queue", queue_empty),
]

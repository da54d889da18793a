# SPDX-License-Identifier: BSD-2-Clause
"""Sessions of other kinds than the tables': by TLS, in UTF-8, by BDAT, very
long, and many at once.
"""
import ssl
import threading

import play
import postfix
from hostile import Door, Skip, spare
from letter import Letter, message_id
from smtp import Client, Refused
from table import ANN, RELAXED


def doors(lab, mta=""):
    """(sink's name, address, port, daemon) of an MTA's lanes, or of all."""
    return [(name.split()[0], address, port, daemon)
            for name, (address, _, port, daemon) in lab.lanes.items()
            if name.startswith(mta)]


def delivered(lab, sink, reply, told):
    """(message, complaints) for the reply to a message."""
    found = play.QUEUE_ID.search(reply)
    if not found:
        return None, ["%s: the reply is %r" % (told, reply)]
    message = lab.sinks[sink].wait(found.group(1) or found.group(2))
    return message, [] if message else [told + ": not delivered"]


def ours(message):
    return message.values("Authentication-Results")[0]


def missing(told, message, *results):
    return ["%s: no %r in %r" % (told, r, ours(message)) for r in results
            if r not in ours(message)]


def start_tls(client):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client.command("STARTTLS")
    client.stream.close()
    client.socket = context.wrap_socket(client.socket)
    client.stream = client.socket.makefile("rb")
    return client.socket.version(), client.socket.cipher()[0]


def tls(lab):
    """tls.version and tls.cipher are what was agreed; without TLS, absent."""
    wrong = []
    for sink, address, port, _ in doors(lab):
        for secure in (True, False):
            told = "%s %d, tls %s" % (sink, port, secure)
            client = Client(address, port, "192.0.2.10")
            client.hello("mail.example.com")
            wanted = None
            if secure:
                wanted = "%s %s" % start_tls(client)
                client.hello("mail.example.com")
            client.envelope(ANN, ["bob@example.org"])
            reply = client.data(Letter(ANN, extra=["X-Wish: tls"]).write(
                lab.keys, message_id("tls", sink, port, secure)))
            client.quit()
            message, complaints = delivered(lab, sink, reply, told)
            wrong += complaints
            if message and message.values("X-TLS") != (
                    [wanted] if wanted else []):
                wrong.append("%s: %r, not %r" % (
                    told, message.values("X-TLS"), wanted))
    return wrong


def octets(text):
    return text.encode().decode("latin-1")


def utf8(lab):
    """RFC 6531: a message of UTF-8. Its author is judged by the A-labels of
    his domain, and told by them: RFC 8601 2.7 permits U-labels in the results
    of such a message, A-labels are understood by everybody. (Debian's Sendmail
    has no SMTPUTF8.)"""
    wrong = []
    author = octets("j\u00f6rg@b\u00fccher.example.net")
    text = Letter(octets("J\u00f6rg <") + author + ">").write(
        lab.keys, message_id("utf8", 1))
    for sink, address, port, daemon in doors(lab, "postfix"):
        client = Client(address, port, "192.0.2.10")
        client.hello("mail.example.com")
        client.command("MAIL FROM:<%s> BODY=8BITMIME SMTPUTF8" % author)
        client.command("RCPT TO:<bob@example.org>")
        reply = client.data(text)
        client.quit()
        message, complaints = delivered(lab, sink, reply, "port %d" % port)
        wrong += complaints
        if message is None:
            continue
        wrong += missing("port %d" % port, message,
                         "smtp.mailfrom=xn--bcher-kva.example.net",
                         "dmarc=pass header.from=xn--bcher-kva.example.net")
        if play.verdicts(daemon.text())[-1].get("header.from") != \
                "xn--bcher-kva.example.net":
            wrong.append("header.from is %r" % play.verdicts(
                daemon.text())[-1].get("header.from"))
    return wrong


def utf8_local_part(lab):
    """SPF that asks for the local part: it is told in the results, in UTF-8 as
    it came (RFC 8601 2.7.2, RFC 8616). %{l} of such a one matches nothing."""
    wrong = []
    sender = octets("j\u00f6rg@eai.spf.example.net")
    text = Letter(octets("J\u00f6rg <") + sender + ">").write(
        lab.keys, message_id("utf8", 3))
    for sink, address, port, _ in doors(lab, "postfix"):
        client = Client(address, port, "192.0.2.10")
        client.hello("mail.example.com")
        client.command("MAIL FROM:<%s> BODY=8BITMIME SMTPUTF8" % sender)
        client.command("RCPT TO:<bob@example.org>")
        reply = client.data(text)
        client.quit()
        message, complaints = delivered(lab, sink, reply, "port %d" % port)
        wrong += complaints or missing("port %d" % port, message,
                                       "spf=pass smtp.mailfrom=%s;" % sender)
    return wrong


def ascii_from_utf8(lab):
    """The same author, but the message is no SMTPUTF8 one: A-labels."""
    wrong = []
    text = Letter(octets("J\u00f6rg <j@b\u00fccher.example.net>")).write(
        lab.keys, message_id("utf8", 2))
    for sink, address, port, _ in doors(lab):
        client = Client(address, port, "192.0.2.10")
        client.hello("mail.example.com")
        client.envelope("x@xn--bcher-kva.example.net", ["bob@example.org"])
        reply = client.data(text)
        client.quit()
        told = "%s %d" % (sink, port)
        message, complaints = delivered(lab, sink, reply, told)
        wrong += complaints or missing(
            told, message, "smtp.mailfrom=xn--bcher-kva.example.net",
            "dmarc=pass header.from=xn--bcher-kva.example.net")
    return wrong


def bdat(lab):
    """RFC 3030: the message in chunks that split lines, fields and CRLF."""
    wrong = []
    text = Letter(ANN, sign=[dict(RELAXED, canon="simple/simple")],
                  body=b".\r\n..\r\nhello\r\n").write(
        lab.keys, message_id("bdat"))
    for size in (1 << 20, 1000, 7):
        client = Client(postfix.ADDRESS, 25, "192.0.2.10")
        client.socket.sendall(b"EHLO mail.example.com\r\n")
        if "CHUNKING" not in client.reply():
            raise Skip("this Postfix has no CHUNKING")
        client.envelope(ANN, ["bob@example.org"])
        chunks = [text[i:i + size] for i in range(0, len(text), size)]
        for chunk in chunks:
            client.socket.sendall(b"BDAT %d\r\n" % len(chunk) + chunk)
            client.expect(client.reply())
        reply = client.command("BDAT 0 LAST")
        client.quit()
        message, complaints = delivered(lab, "postfix", reply,
                                        "chunks of %d" % size)
        wrong += complaints or missing("chunks of %d" % size, message,
                                       "dkim=pass", "dmarc=pass")
        if message and not message.body.startswith(b".\r\n..\r\nhello"):
            wrong.append("the body is %r" % message.body[:40])
    return wrong


def alternate(lab, client, sink, told, n):
    """A good message, or a forgery, by the same client."""
    good = n % 3 != 2
    author = ANN if good else "x@strict.example.net"
    client.envelope(ANN, ["bob@example.org"])
    reply = client.data(Letter(author, sign=[RELAXED] if good else []).write(
        lab.keys, message_id(told, n)))
    if reply.startswith("250 " if good else "550 5.7.26"):
        return []
    return ["%s, message %d: %r" % (told, n, reply)]


def two_hundred(lab):
    """One session; each message is judged as if it were the first."""
    wrong = []
    for sink, address, port, daemon in doors(lab):
        told = "long-%s-%d" % (sink, port)
        before = len(play.verdicts(daemon.text()))
        client = Client(address, port, "192.0.2.10")
        client.hello("mail.example.com")
        for n in range(200):
            try:
                wrong += alternate(lab, client, sink, told, n)
            except Refused as e:
                wrong.append("%s ends after %d: %s" % (told, n, e))
                break
        client.quit()
        said = play.verdicts(daemon.text())[before:]
        if len(said) != 200 or len({s["id"] for s in said}) != 200:
            wrong.append("%s: %d verdicts" % (told, len(said)))
    return wrong


def fifty_at_once(lab):
    """Fifty clients between their commands, all of them at the same time."""
    wrong, meet = [], threading.Barrier(50)
    door = Door(lab)
    before = len(play.verdicts(spare(lab).text()))

    def one(number):
        client = Client(door.address, door.port, "192.0.2.10")
        client.hello("mail.example.com")
        meet.wait(60)
        for n in (0, 1, 2):
            wrong.extend(alternate(lab, client, "postfix",
                                   "crowd-%d" % number, n))
        meet.wait(60)
        client.quit()

    def guarded(number):
        try:
            one(number)
        except Exception as e:  # noqa: BLE001: told, not lost
            wrong.append("client %d: %r" % (number, e))
            meet.abort()

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(50)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    said = play.verdicts(spare(lab).text())[before:]
    if len(said) != 150 or len({s["id"] for s in said}) != 150:
        wrong.append("%d verdicts, not 150" % len(said))
    return wrong


SCENARIOS = [
    ("tls", "version and cipher through the MTAs' macros", tls),
    ("smtputf8", "an internationalized message, local part and domain", utf8),
    ("smtputf8-local-part", "a local part in UTF-8 that SPF asks for",
     utf8_local_part),
    ("smtputf8-not", "the same author in a message that is none",
     ascii_from_utf8),
    ("bdat", "CHUNKING: the message in pieces", bdat),
    ("session-200", "two hundred messages in one session", two_hundred),
    ("sessions-50", "fifty sessions at once", fifty_at_once),
]

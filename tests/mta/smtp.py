# SPDX-License-Identifier: BSD-2-Clause
"""Both ends of SMTP: a client that hides nothing, a sink that keeps all."""
import base64
import socket
import threading
import time

CRLF = b"\r\n"


class Refused(Exception):
    """A reply that is not the one hoped for; .reply has it."""

    def __init__(self, reply):
        super().__init__(reply)
        self.reply = reply


def stuffed(message):
    """RFC 5321 4.5.2. Only CRLF ends a line here; all else goes as it is."""
    message = message.replace(CRLF + b".", CRLF + b"..")
    if message.startswith(b"."):
        message = b"." + message
    return message if message.endswith(CRLF) else message + CRLF


class Client:
    """One connection from a chosen address."""

    def __init__(self, server, port, source=None, timeout=60):
        bind = (source, 0) if source else None
        self.socket = socket.create_connection((server, port), timeout,
                                               source_address=bind)
        self.stream = self.socket.makefile("rb")
        self.expect(self.reply())

    def reply(self):
        lines = []
        while True:
            line = self.stream.readline()
            if not line:
                raise Refused("connection closed")
            line = line.decode("latin-1").rstrip("\r\n")
            lines.append(line)
            if line[3:4] != "-":
                return "\n".join(lines)

    def expect(self, reply, first="23"):
        if reply[0] not in first:
            raise Refused(reply)
        return reply

    def command(self, line, first="23"):
        self.socket.sendall(line.encode("latin-1") + CRLF)
        return self.expect(self.reply(), first)

    def hello(self, name, login=None):
        self.command("EHLO " + name)
        if login:
            plain = "\0%s\0%s" % login
            self.command("AUTH PLAIN " +
                         base64.b64encode(plain.encode()).decode())

    def envelope(self, sender, recipients):
        """The replies to RCPT; DATA makes sense if one begins with 2."""
        self.command("MAIL FROM:<%s> BODY=8BITMIME" % sender)
        return [self.command("RCPT TO:<%s>" % r, first="2345")
                for r in recipients]

    def data(self, message):
        self.command("DATA")
        self.socket.sendall(stuffed(message) + b"." + CRLF)
        return self.expect(self.reply(), first="2345")

    def vanish(self, message):
        """The client's machine loses power half-way through the message."""
        self.command("DATA")
        self.socket.sendall(stuffed(message)[:len(message) // 2])
        self.close()

    def quit(self):
        try:
            self.command("QUIT")
        except (Refused, OSError):
            pass
        self.close()

    def close(self):
        self.stream.close()
        self.socket.close()


class Delivered:
    def __init__(self, sender, recipients, raw):
        self.sender, self.recipients, self.raw = sender, recipients, raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.fields = []
        for line in head.split(CRLF):
            if line[:1] in (b" ", b"\t") and self.fields:
                name, value = self.fields[-1]
                self.fields[-1] = (name, value + CRLF + line)
            else:
                name, _, value = line.partition(b":")
                self.fields.append((name.decode("latin-1"), value))

    def values(self, name):
        """Of every field of this name, unfolded, blanks made one."""
        return [b" ".join(value.split()).decode("latin-1")
                for key, value in self.fields if key.lower() == name.lower()]


class Sink:
    """The server to which an MTA relays everything: so we see what it saw."""

    def __init__(self, address, port=25):
        self.messages = []
        self.arrived = threading.Condition()
        self.listener = socket.create_server((address, port), backlog=64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.session, args=(connection,),
                             daemon=True).start()

    def session(self, connection):
        def say(text):
            connection.sendall(text.encode() + CRLF)

        try:
            self.dialogue(connection, say)
        except OSError:
            pass                # the MTA was stopped

    def dialogue(self, connection, say):
        with connection, connection.makefile("rb") as stream:
            sender, recipients = None, []
            say("220 sink.example.org ESMTP")
            for line in stream:
                verb = line.strip().upper()
                if verb.startswith(b"EHLO"):
                    say("250-sink.example.org\r\n250-8BITMIME\r\n"
                        "250-SMTPUTF8\r\n250 SIZE")
                elif verb.startswith(b"MAIL"):
                    sender, recipients = path_of(line), []
                    say("250 ok")
                elif verb.startswith(b"RCPT"):
                    recipients.append(path_of(line))
                    say("250 ok")
                elif verb == b"DATA":
                    say("354 go on")
                    self.keep(sender, recipients, read_data(stream))
                    say("250 kept")
                elif verb == b"QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 ok")

    def keep(self, sender, recipients, raw):
        with self.arrived:
            self.messages.append(Delivered(sender, recipients, raw))
            self.arrived.notify_all()

    def find(self, mark):
        """Messages with this Message-ID, or with this queue id in Received."""
        return [m for m in self.messages
                if any(mark in v for v in m.values("Message-ID") +
                       m.values("Received"))]

    def wait(self, mark, seconds=30):
        """The message that bears the mark, or None if it never comes."""
        end = time.monotonic() + seconds
        with self.arrived:
            while not self.find(mark):
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self.arrived.wait(left)
            return self.find(mark)[0]


def path_of(line):
    return line.decode("latin-1").partition("<")[2].partition(">")[0]


def read_data(stream):
    lines = []
    for line in stream:
        if line == b".\r\n":
            break
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)

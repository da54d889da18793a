# SPDX-License-Identifier: BSD-2-Clause
"""How to write a message: fields, body, who signs it, what happens to it."""
import email.utils
import zlib
from dataclasses import dataclass, field

from sign import seal, sign


@dataclass
class Letter:
    author: object              # one address, several From fields, or None
    subject: str = "a letter"
    body: bytes = b"hello,\r\nhow are you?\r\n"
    repeat: int = 1             # of the body
    extra: list = field(default_factory=list)   # fields that are signed over
    sign: list = field(default_factory=list)    # arguments of sign.sign()
    alter: list = field(default_factory=list)   # (old, new) after signing
    sign_again: list = field(default_factory=list)
    seals: list = field(default_factory=list)   # arguments of sign.seal()
    alter_sealed: list = field(default_factory=list)
    top: list = field(default_factory=list)     # fields put on top of it all

    def write(self, keys, message_id):
        lines = []
        authors = [self.author] if isinstance(self.author, str) else \
            self.author or []
        lines += ["From: %s" % author for author in authors]
        lines += ["To: bob@example.org"]
        if self.subject is not None:
            lines += ["Subject: " + self.subject]
        lines += ["Date: " + date(), "Message-ID: <%s>" % message_id]
        lines += self.extra
        text = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        text += self.body * self.repeat
        for how in self.sign:
            text = sign(keys, text, **how)
        text = altered(text, self.alter)
        for how in self.sign_again:
            text = sign(keys, text, **how)
        for how in self.seals:
            text = seal(keys, text, **how)
        text = altered(text, self.alter_sealed)
        return "".join(line + "\r\n" for line in self.top).encode() + text


def altered(text, changes):
    for old, new in changes:
        if old not in text:
            raise ValueError("%r is not in the message" % old)
        head, _, tail = text.rpartition(old)
        text = head + new + tail
    return text


def date():
    return email.utils.formatdate(localtime=False)


def message_id(*words):
    """Unique within a run, and readable in the MTA's log."""
    text = ".".join(str(w) for w in words)
    return "%s.%08x@mta.example.com" % (text, zlib.crc32(text.encode()))

# SPDX-License-Identifier: BSD-2-Clause
"""Whom different programs take for the author of a message.

Each reader is a simple model of mail clients that exist: the first From field
or the last, the first <> or the last, the libraries of Python. All know quotes
and comments (RFC 5322 3.2), since what stands in them is a display name to
everybody; what a display name may show is from.display_address, not the author.
"""
import email
import email.policy
import email.utils
import re

# No blank inside; a domain ends where its characters end.
ADDRESS = re.compile(r"[^\s<>,;:()\"\[\]\\@]*@+([^\s<>,;:()\"\[\]\\@]+)")
NAME = re.compile(rb"\s*from\s*$", re.I)


def from_fields(raw):
    """Bodies of the fields that somebody takes for From: also "From :"."""
    found, mine = [], False
    for line in raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            if mine:
                found[-1] += line
            continue
        name, colon, value = line.partition(b":")
        mine = bool(colon and NAME.match(name))
        if mine:
            found.append(value)
    return [f.decode("utf-8", "replace") for f in found]


def plain(body):
    """Without comments; of a quoted-string only its quotes are left."""
    out, depth, quoted, i = [], 0, False, 0
    while i < len(body):
        c = body[i]
        if c == "\\" and (depth or quoted):
            i += 2
            continue
        if quoted or (c == '"' and not depth):
            quoted = c != '"' if quoted else True
            if c == '"':
                out.append(c)
        elif c == "(" or (c == ")" and depth):
            depth += 1 if c == "(" else -1
        elif not depth:
            out.append(c)
        i += 1
    return "".join(out)


def house(domain):
    domain = domain.rstrip(".").lower()
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def in_angles(text, last):
    spans = re.findall(r"<([^<>]*)>", text)
    where = spans[-1 if last else 0] if spans else text
    # RFC 5322 4.4: what stands before the colon is a route.
    found = ADDRESS.findall(where.rpartition(":")[2])
    return found[-1 if last else 0] if found else None


def by_utils(body):
    return [address.rpartition("@")[2] for _, address in
            email.utils.getaddresses([body]) if "@" in address]


def by_registry(body):
    try:
        parsed = email.policy.SMTPUTF8.header_factory("from", body)
        return [a.domain for a in parsed.addresses if a.domain]
    except Exception:           # noqa: BLE001: it stumbles over many
        return []


def domains_of(body):
    text = plain(body)
    found = {in_angles(text, False), in_angles(text, True)}
    found |= set(by_utils(body)) | set(by_registry(body))
    return {house(d) for d in found if d}


def authors(raw):
    """Every domain that some reader takes for the author's."""
    found = set()
    for body in from_fields(raw):
        found |= domains_of(body)
        if "\0" in body:        # to a program in C the field ends there
            found |= domains_of(body.split("\0")[0])
    return found

# SPDX-License-Identifier: BSD-2-Clause
"""Authentication-Results that claim to be ours, in every spelling (demand B8).

RFC 8601 5: a border MTA must remove what claims its authserv-id, and leave
the rest. So each message carries a mixture, numbered in the order of the
tables; it must be delivered with ours at the very top, below it exactly the
foreign ones, in their order, and none of the others.

What the MTAs do by themselves: for "Name :" both Postfix 3.7 and Sendmail 8.17
name the field to us without the blank, and deliver it so. Neither touches the
rest, and both count the fields of a name in any case together, as we do.
"""
from letter import Letter
from table import ANN, case

PLAIN = "Authentication-Results"

# (field's name, value up to the results): somebody may read mx.example.org
# as the authserv-id.
FORGED = [
    # as we write it ourselves, and names in another case (RFC 5322 1.2.2)
    (PLAIN, " mx.example.org;"),
    ("authentication-results", " mx.example.org;"),
    ("AUTHENTICATION-RESULTS", " MX.EXAMPLE.ORG;"),
    ("aUTHENTICATION-rESULTS", " Mx.eXample.Org;"),
    # RFC 5322 4.5.8: a blank before the colon, obsolete and to be read
    ("Authentication-Results ", " mx.example.org;"),
    ("Authentication-Results\t", " mx.example.org;"),
    # blanks and folds (RFC 8601 2.2 allows CFWS around the id)
    (PLAIN, "mx.example.org;"),
    (PLAIN, "\tmx.example.org\t;"),
    (PLAIN, "   mx.example.org   ;"),
    (PLAIN, "\r\n mx.example.org;\r\n"),
    (PLAIN, " \r\n\tmx.example.org\r\n\t;"),
    (PLAIN, " mx.example.org\r\n 1\r\n ;"),
    # version (RFC 8601 2.2: 1*DIGIT), known, unknown and none
    (PLAIN, " mx.example.org 1;"),
    (PLAIN, " mx.example.org 99;"),
    (PLAIN, " mx.example.org 99999999999999999999;"),
    (PLAIN, " mx.example.org 1.0;"),
    (PLAIN, " mx.example.org v1;"),
    (PLAIN, " mx.example.org/1;"),
    # comments
    (PLAIN, " (hello) mx.example.org;"),
    (PLAIN, " mx.example.org (hello);"),
    (PLAIN, " (a (nested (one))) mx.example.org (x) 1 (y);"),
    (PLAIN, " (a \\) b) mx.example.org;"),
    (PLAIN, " (mail.example.net;) mx.example.org;"),
    (PLAIN, " ()()mx.example.org();"),
    (PLAIN, " (a\r\n b) mx.example.org;"),
    (PLAIN, " mx.(x)example.org;"),
    (PLAIN, " mx.example.org (no end;"),
    (PLAIN, " (no end mx.example.org;"),
    # quotes: authserv-id is a value (RFC 2045 5.1), so it may be quoted
    (PLAIN, " \"mx.example.org\";"),
    (PLAIN, " \"MX.example.org\" 1;"),
    (PLAIN, " \"mx\\.example.or\\g\";"),
    (PLAIN, " \" mx.example.org \";"),
    (PLAIN, " \"mx.example.org 1\";"),
    (PLAIN, " \"mx.example.\"org;"),
    (PLAIN, " mx.example.\"org\";"),
    (PLAIN, " \"mx.example.org;"),
    (PLAIN, " 'mx.example.org';"),
    # the same name in the DNS, and names below it that are ours as well
    (PLAIN, " mx.example.org.;"),
    (PLAIN, " mx.example.org..;"),
    (PLAIN, " a.mx.example.org;"),
    (PLAIN, " a.b.MX.example.org.;"),
    (PLAIN, " .mx.example.org;"),
    (PLAIN, " mx . example . org;"),
    (PLAIN, " mx .example.org;"),
    # no semicolon where it should be
    (PLAIN, " mx.example.org"),
    (PLAIN, " mx.example.org,"),
    (PLAIN, " mx.example.org:"),
    (PLAIN, " mx.example.org=pass;"),
    (PLAIN, " mx.example.org mail.example.net;"),
    # what no reader should mind, and some do not
    (PLAIN, " =?us-ascii?q?mx.example.org?=;"),
    (PLAIN, " <mx.example.org>;"),
    (PLAIN, " x@mx.example.org;"),
    (PLAIN, " [mx.example.org];"),
    (PLAIN, " \\mx.example.org;"),
    # octets that are no letters
    (PLAIN, " mx.example.org\x7f;"),
    (PLAIN, " mx.example.org\xa0;"),
    (PLAIN, " \xffmx.example.org;"),
    (PLAIN, " mx.exam\x01ple.org;"),
    (PLAIN, "\x0bmx.example.org\x0c;"),
    # RFC 8616: full stops and letters that become ours as U-labels do
    (PLAIN, " mx.example\u3002org;"),
    (PLAIN, " \uff4dx.example.org;"),
]

# Nobody may read these as ours.
KEPT = [
    (PLAIN, " mail.example.net;"),
    (PLAIN, " mail.example.net 1;"),
    (PLAIN, " \"mail.example.net\" (mx.example.org);"),
    (PLAIN, " (mx.example.org) mail.example.net;"),
    (PLAIN, " mail.example.net; spf=pass smtp.helo=mx.example.org;"),
    (PLAIN, " mail.example.net; x=y (mx.example.org;);"),
    (PLAIN, " example.org;"),
    (PLAIN, " org;"),
    (PLAIN, " notmx.example.org;"),
    (PLAIN, " not-mx.example.org;"),
    (PLAIN, " mx2.example.org;"),
    (PLAIN, " mx.example.org.example.net;"),
    (PLAIN, " mx.example.organic;"),
    (PLAIN, " mx.example.org-x;"),
    (PLAIN, " mxaexample.org;"),
    (PLAIN, "\r\n mail.example.net\r\n ;"),
    ("authentication-RESULTS", " mail.example.net;"),
    ("Authentication-Results ", " mail.example.net;"),
    (PLAIN, " ;"),
    (PLAIN, " m\xfc.example.net;"),
]

# Other fields: ours alone are gone (Assay-), the rest is none of our business.
OTHERS_GONE = ["Assay-Result: accept; rule=forged901; id=0; policy=none",
               "ASSAY-RESULT : accept; rule=forged902",
               "Assay-Anything: forged903"]
OTHERS_KEPT = ["X-Authentication-Results: mx.example.org; x=kept901",
               "Authentication-Results-Original: mx.example.org; x=kept902",
               "Original-Authentication-Results: mx.example.org; x=kept903",
               "Old-Authentication-Results:\r\n mx.example.org; x=kept904"]


def numbered(rows, word):
    return [(name + ":" + value + " dkim=pass header.d=%s%d" % (word, i),
             "%s%d" % (word, i)) for i, (name, value) in enumerate(rows)]


def mixed(forged, kept):
    """One foreign field after every two or three that claim to be ours."""
    out, kept = [], list(kept)
    for i, one in enumerate(forged):
        out.append(one)
        if kept and i % 3 == 2:
            out.append(kept.pop(0))
    return out + kept


def message(name, why, forged, kept, **rest):
    fields = mixed(forged, kept)
    return case("forged-" + name, why, Letter(ANN, extra=[
        as_octets(line) for line, _ in fields]),
        kept=[mark for _, mark in kept], gone=["d=forged"],
        removed=len(forged), **rest)


def as_octets(text):
    """Of what Latin-1 has its octets, of all else UTF-8."""
    return "".join(c if ord(c) < 256 else c.encode().decode("latin-1")
                   for c in text)


ALL, FOREIGN = numbered(FORGED, "forged"), numbered(KEPT, "kept")
SIZE = 8

CASES = [
    message("%02d-%02d" % (at, min(at + SIZE, len(ALL)) - 1),
            "spellings of our name, foreign ones between them",
            ALL[at:at + SIZE], FOREIGN[at // SIZE * 2:at // SIZE * 2 + 3])
    for at in range(0, len(ALL), SIZE)
] + [
    message("all", "all of them in one message", ALL, FOREIGN),
    message("none", "foreign ones alone stay as they are", [], FOREIGN),
    case("forged-others", "other fields: what is ours alone, what is nobody's",
         Letter(ANN, extra=OTHERS_GONE + OTHERS_KEPT), gone=["forged90"],
         headers=[" ".join(line.split()) for line in OTHERS_KEPT]),
]
assert len(FORGED) >= 40

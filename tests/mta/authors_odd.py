# SPDX-License-Identifier: BSD-2-Clause
"""Octets and lengths in From that the MTAs themselves change (demand B7).

Here the lanes may differ, since they judge different messages. What holds for
each: the author we name is the only one in the message as it is delivered, and
no forgery passes. What was seen of Postfix 3.7 and Sendmail 8.17:

- NUL: Postfix ends the field there, for the milter and for the reader alike.
  Sendmail drops the octet from the name of a field and where a value begins.
- a bare CR: Postfix tells it to the milter and delivers a blank in its place;
  Sendmail refuses the message. A bare LF ends a line for Postfix.
- 60,000 octets of a field are all that Postfix keeps, for both again. Sendmail
  gives up beyond 65,535. Sendmail takes comments out of a From it rewrites.
- a line that is no field ends the header, for both, and they put the empty
  line in that it lacks. Postfix makes a "From " or ">From " line on top an
  X-Mailbox-Line, Sendmail drops the former and stops at the latter.
"""
from authors import EVIL, ME, MINE, NONE, UNCLEAR, SEVERAL, YOU, YOURS, outcome
from letter import Letter
from table import case

USUAL = dict(action="accept", rule="default", reply=None, results=[])
REFUSED = dict(USUAL, action=None, rule=None, facts={}, reply="^4[25]1 ")


def odd(name, why, lines, check, postfix, sendmail, top=()):
    def lane(author):
        return REFUSED if author is None else dict(USUAL, **outcome(author))
    return case("odd-" + name, why, Letter(None, extra=list(lines),
                                           top=list(top)),
                by_lane={"check": lane(check), "postfix": lane(postfix),
                         "sendmail": lane(sendmail)}, **EVIL)


CASES = [
    odd("nul-behind", "another address behind a NUL",
        ["From: " + ME + "\0" + YOU], UNCLEAR, MINE, UNCLEAR),
    odd("nul-behind-victim", "the victim's in front of it",
        ["From: " + YOU + "\0 <" + ME + ">"], UNCLEAR, YOURS, UNCLEAR),
    odd("nul-before", "a NUL and then an address",
        ["From: \0" + YOU], UNCLEAR, NONE, YOURS),
    odd("nul-in-name", "inside the field's name",
        ["Fr\0om: " + YOU], NONE, NONE, YOURS),
    odd("nul-in-name-two", "and an honest field beside",
        ["From\0: " + YOU, "From: " + ME], NONE, NONE, UNCLEAR),
    odd("cr-inside", "a bare CR that could begin a line",
        ["From: " + ME + "\rFrom: " + YOU], UNCLEAR, UNCLEAR, None),
    odd("cr-elsewhere", "the same in a field of no matter",
        ["X-A: b\rFrom: " + YOU, "From: " + ME], MINE, MINE, None),
    odd("lf-inside", "a bare LF",
        ["From: " + ME + "\nFrom: " + YOU], UNCLEAR, UNCLEAR, None),
    odd("8bit-in-name", "a no-break space before the colon",
        ["From\xa0: " + YOU, "From: " + ME], NONE, NONE, NONE),
    odd("tab-in-name", "a vertical tab, a blank to Sendmail",
        ["From\x0b: " + YOU, "From: " + ME], NONE, NONE, UNCLEAR),
    odd("leading-blank", "a header that begins with a fold has no fields",
        ["From: " + ME], NONE, NONE, NONE, top=[" From: " + YOU]),
    odd("no-field", "a line that is no field ends the header",
        ["From: " + ME, "this is no field", "From: " + YOU],
        MINE, MINE, MINE),
    odd("comments-60000", "comments as long as the field may be",
        ["From: " + "(a)" * 20000 + ME], MINE, NONE, MINE),
    odd("second-beyond", "a second author beyond what Postfix keeps",
        ["From: " + ME + ("\r\n (" + "a" * 70 + ")") * 1000 + ", " + YOU],
        SEVERAL, MINE, None),
    odd("mailbox-line", "a line of a mailbox file on top",
        ["From: " + ME], MINE, MINE, MINE,
        top=["From ann@example.com Mon Nov 23 08:00:00 2026"]),
    odd("mailbox-line-quoted", "the same, quoted as in a mailbox file",
        ["From: " + ME], NONE, MINE, NONE,
        top=[">From ann@example.com Mon Nov 23 08:00:00 2026"]),
]

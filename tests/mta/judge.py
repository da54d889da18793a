# SPDX-License-Identifier: BSD-2-Clause
"""Was it what the case expects, and did the three agree?"""
import re

import readers

KEPT = re.compile(r"\b(?:kept|forged)\d+")
STATUSES = ("none", "multiple", "ambiguous")


def result_holds(results, words):
    """One result (between semicolons) that has all the words; a word may
    name several, any of which will do: "dkim=fail|policy"."""
    return any(all(any(w in one.split() for w in choices(word))
                   for word in words.split())
               for one in results.split(";"))


def choices(word):
    name, equals, values = word.partition("=")
    return [name + equals + value for value in values.split("|")]


def expectations(part, s):
    """What this lane got wrong, as sentences."""
    part = part.seen_by(s.lane)
    wrong = list(s.wrong)
    if part.cut:
        return wrong
    if s.action != part.action or s.rule != part.rule:
        wrong.append("%s by %s, not %s by %s" % (s.action, s.rule,
                                                 part.action, part.rule))
    if part.rcpt_replies and s.lane != "check" and \
            not re.search(part.rcpt_replies, s.rcpt_replies):
        wrong.append("replies to RCPT are %r" % s.rcpt_replies)
    wrong += reply_wrong(part, s)
    wrong += facts_wrong(part, s)
    if s.results is not None:
        wrong += ["no result holds %r in %r" % (words, s.results)
                  for words in part.results
                  if not result_holds(s.results, words)]
    elif part.results:
        wrong.append("no Authentication-Results to look at")
    if s.message is not None:
        wrong += delivery_wrong(part, s.message)
    return wrong


def facts_wrong(part, s):
    wrong = ["%s is %r, not %s" % (name, str(s.facts.get(name)), wanted)
             for name, wanted in part.facts.items()
             if not re.search(wanted, str(s.facts.get(name)))]
    if part.removed is not None and s.removed not in (None, part.removed):
        wrong.append("%d fields are removed" % s.removed)
    author = s.facts.get("header.from")
    if author is None or author in STATUSES:
        if s.facts.get("dmarc.result") == "pass":
            wrong.append("DMARC passes for nobody")
        return wrong
    for what, raw in (("sent", not part.by_lane and part.text),
                      ("delivered", s.message and s.message.raw)):
        others = readers.authors(raw) - {author} if raw else None
        if others:
            wrong.append("as %s, the author is %s for us; for somebody %s" %
                         (what, author, ", ".join(sorted(others))))
    if part.spoof and s.facts.get("dmarc.result") == "pass" and \
            author != part.spoof:
        wrong.append("a forgery passes as " + author)
    return wrong


FIRST = {None: "4", "accept": "2", "tag": "2", "quarantine": "2",
         "discard": "2", "tempfail": "4", "reject": "5"}


def reply_wrong(part, s):
    if s.lane == "check":
        if part.action not in ("reject", "tempfail"):
            return []
    elif s.reply[:1] != FIRST[part.action]:
        return ["the reply is %r" % s.reply]
    if part.reply and not re.search(part.reply, s.reply):
        return ["the reply is %r" % s.reply]
    return []


def delivery_wrong(part, message):
    wrong = []
    fields = ["%s: %s" % (name, " ".join(value.decode("latin-1").split()))
              for name, value in message.fields]
    fields = [f.rstrip() for f in fields]
    wrong += ["no field %r" % f for f in part.headers if f not in fields]
    head = message.raw.split(b"\r\n\r\n")[0].decode("latin-1")
    wrong += ["%r was delivered" % text for text in part.gone if text in head]
    if part.kept is not None:
        below = message.values("Authentication-Results")[1:]
        found = [word for value in below for word in KEPT.findall(value)]
        if found != part.kept:
            wrong.append("below ours there are %s" % " ".join(found))
    if part.delivered_to and message.recipients != part.delivered_to:
        wrong.append("delivered to %s" % message.recipients)
    return wrong


def agreement(part, all_seen):
    """What the lanes say differently."""
    if part.cut or part.by_lane:
        return []
    wrong = []
    for what in ("action", "rule", "results", "header.from", "dmarc.result"):
        said = {}
        for s in all_seen:
            value = getattr(s, what, s.facts.get(what))
            if value is not None:
                said.setdefault(value, []).append(s.lane)
        if what == "results" and part.action in ("reject", "tempfail",
                                                 "discard", "quarantine"):
            continue            # no MTA shows it
        if len(said) > 1:
            wrong.append("they differ in %s: %s" % (what, "; ".join(
                "%s say %r" % (", ".join(lanes), value)
                for value, lanes in said.items())))
    return wrong

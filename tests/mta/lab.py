# SPDX-License-Identifier: BSD-2-Clause
"""Everything together: DNS, keys, daemons, MTAs, sinks."""
import pathlib

import confined
import postfix
import sandbox
import sendmail
import servers
import sign
import zone
from sandbox import write
from smtp import Sink

USERS = {"alice": "correct horse"}


class Lab:
    """Used as a context: whatever was started is stopped, in any case."""

    def __init__(self, assayd, policy, with_sendmail=None,
                 with_postfix=True, engine=None, assay=None):
        self.root = sandbox.furnish()
        self.assayd, self.assay, self.policy = assayd, assay, policy
        self.with_sendmail, self.with_postfix = with_sendmail, with_postfix
        self.extra = "" if engine is None else (
            'spf { engine = "%s" }\ndkim { engine = "%s" }\n' %
            (engine, engine))
        self.running, self.daemons = [], []
        self.postfix = self.sendmail = None

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def build(self):
        self.keys = sign.Keys(self.root)
        self.zone = write(self.root / "test.zone", zone.for_assay(self.keys))
        self.nsd = self.run(servers.Nsd(self.root, zone.for_nsd(self.keys),
                                        zone.SERVFAIL))
        self.forwarder = servers.Forwarder(zone.TIMEOUT)
        passwords = servers.Passwords(self.root, USERS)
        self.sinks, self.lanes = {}, {}
        if self.with_postfix:
            self.add_postfix(passwords)
        if self.with_sendmail:
            self.add_sendmail()

    def add_postfix(self, passwords):
        self.sinks["postfix"] = Sink(postfix.SINK)
        unix = "unix:%s/assay.sock" % self.root
        daemons = [self.daemon("inet", "inet:8891@127.0.0.1"),
                   self.daemon("unix", unix)]
        self.postfix = self.run(postfix.Postfix(
            self.root, "inet:127.0.0.1:8891", unix, passwords.dovecot))
        for daemon, port in zip(daemons, (25, 26)):
            self.lanes["postfix " + daemon.name] = (
                postfix.ADDRESS, postfix.ADDRESS6, port, daemon)

    def add_sendmail(self):
        self.sinks["sendmail"] = Sink(sendmail.SINK)
        unix = self.daemon("sendmail", "unix:%s/sendmail.sock" % self.root)
        inet = self.daemon("sendmail-inet", "inet:8892@127.0.0.1")
        self.sendmail = self.run(sendmail.Sendmail(
            self.root, pathlib.Path(self.with_sendmail),
            "local:%s/sendmail.sock" % self.root, "inet:8892@127.0.0.1",
            "local:%s/sendmail-seal.sock" % self.root,
            "local:%s/early.sock" % self.root))
        for name, port, daemon in (("sendmail", 25, unix),
                                   ("sendmail inet", 26, inet)):
            self.lanes[name] = (sendmail.ADDRESS, sendmail.ADDRESS6, port,
                                daemon)

    def run(self, server):
        self.running.append(server)
        server.start()
        return server

    def daemon(self, name, socket, policy=None, extra=""):
        d = servers.Assayd(self.root, self.assayd, name, socket,
                           policy or self.policy, self.extra + extra,
                           [] if confined.missing() else confined.command())
        self.daemons.append(d)
        d.start()
        return d

    def complaints(self):
        """Stop the daemons and say what they did wrong."""
        said = []
        for d in self.daemons:
            said += d.stop()
        self.daemons = []
        return said

    def __exit__(self, *_):
        for server in reversed(self.running):
            server.stop()
        self.complaints()

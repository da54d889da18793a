# SPDX-License-Identifier: BSD-2-Clause
"""Debian's Postfix with a configuration and queue of our own.

Two ways in: port 25 asks the milter at an inet socket, port 26 the one at a
unix socket; more ports ask daemons that scenarios start for themselves.
Everything accepted is relayed to the sink.
"""
import pathlib
import re
import shutil
import subprocess

import sign
from sandbox import write
from servers import folder, listens, stop, until

ADDRESS, ADDRESS6, SINK = "192.0.2.25", "2001:db8::25", "192.0.2.99"
TROUBLE = re.compile(r"\]: (\w+: )?(warning|error|fatal|panic): ")

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
# Short ones are microseconds and an inode: with inodes that are used again, one
# in some runs names two messages, and the wrong one is looked at.
enable_long_queue_ids = yes
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {log}
maillog_file_prefixes = {root}
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = {address} {address6} 127.0.0.1
inet_protocols = all
alias_maps =
relay_domains = example.org
relay_transport = relay:[{sink}]:25
default_transport = relay:[{sink}]:25
local_transport = relay:[{sink}]:25
smtpd_recipient_restrictions = permit_mynetworks permit_sasl_authenticated
    reject_unauth_destination
smtpd_relay_restrictions =
smtpd_tls_security_level = may
smtpd_tls_chain_files = {certificate}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {passwords}
smtpd_tls_auth_only = no
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = yes
smtpd_delay_reject = no
header_size_limit = 262144
message_size_limit = 20000000
milter_protocol = 6
# An MTA that cannot ask us says so: no test passes because nobody looked.
milter_default_action = tempfail
milter_connect_timeout = 10s
milter_command_timeout = 30s
non_smtpd_milters = {unix}
"""

MASTER_CF = """
{address}:25 inet n - n - - smtpd -o smtpd_milters={inet}
[{address6}]:25 inet n - n - - smtpd -o smtpd_milters={inet}
{address}:26 inet n - n - - smtpd -o smtpd_milters={unix}
[{address6}]:26 inet n - n - - smtpd -o smtpd_milters={unix}
{address}:2525 inet n - n - - smtpd -o smtpd_milters=unix:{sockets}/spare.sock
{address}:2526 inet n - n - - smtpd -o smtpd_milters=unix:{sockets}/seal.sock
{address}:2527 inet n - n - - smtpd -o smtpd_milters=unix:{sockets}/hundred.sock
{address}:2528 inet n - n - - smtpd -o smtpd_milters=unix:{sockets}/early.sock
{address}:2529 inet n - n - - smtpd -o smtpd_milters=inet:127.0.0.1:8893 -o smtpd_delay_reject=yes
{address}:2530 inet n - n - - smtpd -o smtpd_milters=unix:{sockets}/deferred.sock
{address}:2531 inet n - n - - smtpd -o smtpd_milters=unix:{sockets}/walk.sock
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    def __init__(self, root, inet, unix, passwords):
        self.root = folder(root / "postfix")
        self.config, self.process = folder(self.root / "config"), None
        self.log = self.root / "maillog"
        queue = folder(self.root / "queue")
        for name in ("active bounce corrupt defer deferred flush hold "
                     "incoming saved trace private").split():
            folder(queue / name, "postfix", "root", 0o700)
        folder(queue / "public", "postfix", "postdrop", 0o710)
        folder(queue / "maildrop", "postfix", "postdrop", 0o1730)
        folder(queue / "pid", "root", "root")
        self.queue = queue
        words = {
            "root": self.root, "queue": queue, "log": self.log, "sink": SINK,
            "data": folder(self.root / "data", "postfix", "postfix", 0o700),
            "address": ADDRESS, "address6": ADDRESS6,
            "inet": inet, "unix": unix, "sockets": root,
            "passwords": passwords, "certificate": sign.certificate(self.root),
        }
        write(self.config / "main.cf", MAIN_CF.format(**words))
        write(self.config / "master.cf", MASTER_CF.format(**words))
        shutil.copy("/etc/postfix/dynamicmaps.cf", self.config)

    def start(self):
        self.process = subprocess.Popen(
            ["/usr/lib/postfix/sbin/master", "-d", "-c", str(self.config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        until(lambda: listens(ADDRESS, 25), 15, "postfix", self.process)

    def stop(self):
        stop(self.process)

    def held(self):
        """(queue id, text) of what is in the hold queue."""
        return [(path.name, subprocess.run(
                    ["postcat", "-c", str(self.config), str(path)],
                    stdout=subprocess.PIPE, check=True).stdout)
                for path in (self.queue / "hold").rglob("*") if path.is_file()]

    def trouble(self):
        """What its programs complained of, the last of it."""
        return [line for line in
                self.log.read_text(errors="replace").splitlines()
                if TROUBLE.search(line)][-40:]

    def waiting(self):
        """Files that should have left the queue by now."""
        return [p for name in ("incoming", "active", "deferred", "maildrop")
                for p in (self.queue / name).rglob("*") if p.is_file()]

    def submit(self, sender, recipient, message):
        """As a local program does it, not by SMTP."""
        subprocess.run(
            ["/usr/sbin/sendmail", "-C", str(self.config), "-i", "-f", sender,
             recipient], input=message, check=True)


def installed():
    return pathlib.Path("/usr/lib/postfix/sbin/master").exists()

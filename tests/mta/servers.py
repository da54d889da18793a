# SPDX-License-Identifier: BSD-2-Clause
"""The programs around assayd, each started here and stopped by its own handle:
NSD, the forwarder in front of it, a password checker, and assayd itself.
Postfix and Sendmail are in postfix.py and sendmail.py.
"""
import base64
import os
import pathlib
import re
import socket
import subprocess
import threading
import time

from sandbox import write

# Who has which name, forward and reverse. No name: no PTR record.
HOSTS = [
    ("192.0.2.10", "mail.example.com"),
    ("192.0.2.11", "mail.example.net"),
    ("192.0.2.25", "mx.example.org"),
    ("192.0.2.26", "mx2.example.org"),
    ("192.0.2.40", "relay.example.org"),
    ("192.0.2.66", None),
    ("198.51.100.10", "office.example.com"),
    ("198.51.100.20", "lists.example.net"),
    ("198.51.100.130", "desk.example.org"),
    ("2001:db8::10", "mail6.example.com"),
]

FAULTS = re.compile(r"ERROR: (Address|Leak|Thread)Sanitizer|runtime error:|"
                    r"WARNING: ThreadSanitizer|Assertion .* failed")


def until(true, seconds, what, alive=None):
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        if alive is not None and alive.poll() is not None:
            raise RuntimeError("%s: the program ended (%s)" %
                               (what, alive.returncode))
        if time.monotonic() > end:
            raise RuntimeError("%s: not within %d s" % (what, seconds))
        time.sleep(0.02)


def listens(address, port):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


def stop(process, seconds=10):
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Nsd:
    """Authoritative for everything there is, on a loopback port."""

    PORT = 5300

    def __init__(self, root, zone_text, servfail=(), port=PORT):
        self.folder = root / "nsd"
        self.folder.mkdir()
        self.process, self.port = None, port
        write(self.folder / "root.zone", zone_text)
        zones = 'zone:\n  name: "."\n  zonefile: "root.zone"\n'
        for name in servfail:
            zones += 'zone:\n  name: "%s."\n  zonefile: "missing"\n' % name
        write(self.folder / "nsd.conf", """
server:
  ip-address: 127.0.0.1@%d
  username: ""
  chroot: ""
  server-count: 1
  zonesdir: "%s"
  pidfile: "%s/nsd.pid"
  database: ""
  zonelistfile: "%s/zone.list"
  xfrdfile: "%s/xfrd.state"
  xfrdir: "%s"
  logfile: "%s/nsd.log"
  verbosity: 1
remote-control:
  control-enable: no
%s""" % ((port,) + (self.folder,) * 6 + (zones,)))

    def start(self):
        self.process = subprocess.Popen(
            ["nsd", "-d", "-c", str(self.folder / "nsd.conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: listens("127.0.0.1", self.port), 15, "nsd", self.process)

    def stop(self):
        stop(self.process)


class Forwarder:
    """127.0.0.1 port 53: passes every question to NSD but those that shall
    never be answered. What the machine's resolver and assayd are told to ask.
    """

    def __init__(self, silent, upstream=("127.0.0.1", Nsd.PORT)):
        self.silent = {name.lower() for name in silent}
        self.upstream = upstream
        self.questions = []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 53))
        self.tcp = socket.create_server(("127.0.0.1", 53), backlog=64)
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def drops(self, query):
        name = question_name(query)
        self.questions.append(name)
        return name in self.silent

    def serve_udp(self):
        while True:
            query, peer = self.udp.recvfrom(4096)
            if not self.drops(query):
                threading.Thread(target=self.pass_udp, args=(query, peer),
                                 daemon=True).start()

    def pass_udp(self, query, peer):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
            up.settimeout(3)
            try:
                up.connect(self.upstream)
                up.send(query)
                self.udp.sendto(up.recv(65535), peer)
            except OSError:
                pass            # NSD is down: silence, as in real life

    def serve_tcp(self):
        while True:
            connection, _ = self.tcp.accept()
            threading.Thread(target=self.pass_tcp, args=(connection,),
                             daemon=True).start()

    def pass_tcp(self, connection):
        with connection:
            connection.settimeout(10)
            try:
                with connection.makefile("rb") as stream:
                    while True:
                        size = stream.read(2)
                        if len(size) < 2:
                            return
                        query = stream.read(int.from_bytes(size, "big"))
                        if self.drops(query):
                            continue
                        with socket.create_connection(self.upstream, 3) as up:
                            up.sendall(size + query)
                            with up.makefile("rb") as answer:
                                n = answer.read(2)
                                connection.sendall(
                                    n + answer.read(int.from_bytes(n, "big")))
            except OSError:
                pass


def question_name(packet):
    labels, at = [], 12
    while at < len(packet) and packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]])
        at += 1 + packet[at]
    return b".".join(labels).decode("latin-1").lower()


class Passwords:
    """Whether a password is right, in the words of each MTA: saslauthd's
    protocol for Sendmail, Dovecot's for Postfix. Both know PLAIN only.
    """

    def __init__(self, root, users):
        self.users = users
        self.saslauthd = str(root / "saslauthd.mux")
        self.dovecot = str(root / "dovecot.auth")
        for path, session in ((self.saslauthd, self.saslauthd_session),
                              (self.dovecot, self.dovecot_session)):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            os.chmod(path, 0o777)
            listener.listen(256)
            threading.Thread(target=self.serve, args=(listener, session),
                             daemon=True).start()
        for place in ("/etc/mail/sasl/Sendmail.conf.2",
                      "/etc/sasl2/Sendmail.conf"):
            write(place, "pwcheck_method: saslauthd\nmech_list: PLAIN\n"
                  "saslauthd_path: %s\n" % self.saslauthd)

    def serve(self, listener, session):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=session, args=(connection,),
                             daemon=True).start()

    def saslauthd_session(self, connection):
        """Four counted strings in; OK or NO, counted, out."""
        with connection, connection.makefile("rb") as stream:
            words = [stream.read(int.from_bytes(stream.read(2), "big"))
                     .decode() for _ in range(4)]
            answer = b"OK" if self.users.get(words[0]) == words[1] else b"NO"
            connection.sendall(len(answer).to_bytes(2, "big") + answer)

    def dovecot_session(self, connection):
        with connection, connection.makefile("rb") as stream:
            connection.sendall(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\n"
                               b"SPID\t1\nCUID\t1\nCOOKIE\t1\nDONE\n")
            for line in stream:
                words = line.decode().rstrip("\n").split("\t")
                if words[0] != "AUTH":
                    continue
                told = [w[5:] for w in words if w.startswith("resp=")]
                plain = base64.b64decode(told[0]).decode()
                _, user, password = plain.split("\0")
                answer = "OK\t%s\tuser=%s\n" if \
                    self.users.get(user) == password else "FAIL\t%s\tuser=%s\n"
                connection.sendall((answer % (words[1], user)).encode())


class Assayd:
    """One assayd: configuration, readiness, log, and its health. `before`: a
    command before its own."""

    def __init__(self, root, program, name, socket_spec, policy, extra="",
                 before=()):
        self.folder = root / ("assayd-" + name)
        self.folder.mkdir()
        self.name, self.program, self.socket_spec = name, program, socket_spec
        self.conf = self.folder / "assay.conf"
        self.log = self.folder / "log"
        self.history = self.folder / "history.db"
        self.before = list(before)
        self.process, self.killed_at = None, 0
        self.configure(policy, extra)

    def configure(self, policy, extra=""):
        self.policy = policy
        write(self.conf, CONF.format(socket=self.socket_spec, policy=policy,
                                     history=self.history, extra=extra))

    def start(self, seconds=30):
        path = str(self.folder / "notify")
        if os.path.exists(path):
            os.unlink(path)
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(path)
        self.ready = threading.Event()
        threading.Thread(target=self.listen, args=(notices, self.ready),
                         daemon=True).start()
        env = dict(os.environ, NOTIFY_SOCKET=path)
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1")
        env.setdefault("TSAN_OPTIONS", "suppressions=%s" %
                       pathlib.Path(__file__).with_name("tsan.supp"))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.before + [self.program, "-c", str(self.conf), "-f"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        try:
            until(self.ready.is_set, seconds, self.name, self.process)
        except RuntimeError as e:
            raise RuntimeError("%s\n%s" % (e, self.text()[-2000:]))

    @staticmethod
    def listen(notices, ready):
        """As systemd does it: read everything, so that nobody waits for us."""
        while True:
            if b"READY=1" in notices.recv(4096).split(b"\n"):
                ready.set()

    def text(self):
        if not self.log.exists():
            return ""
        return self.log.read_text(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """Records that were not written yet are lost, so the log is counted
        from here (killed_at)."""
        self.process.kill()
        self.process.wait()
        self.killed_at = len(self.text())

    def stop(self, signalled=False):
        """Complaints: a death, a slow end, a sanitizer's report."""
        complaints = []
        if self.process is None:
            return complaints
        if self.process.poll() is None:
            if not signalled:
                self.process.terminate()
            try:
                self.process.wait(45)
            except subprocess.TimeoutExpired:
                complaints.append("%s does not end on SIGTERM" % self.name)
                self.process.kill()
                self.process.wait()
        elif not signalled:
            complaints.append("%s died" % self.name)
        if self.process.returncode != 0:
            complaints.append("%s ended with status %s" %
                              (self.name, self.process.returncode))
        complaints += ["%s: %s" % (self.name, line)
                       for line in self.text().splitlines()
                       if FAULTS.search(line)]
        self.process = None
        return complaints


CONF = """\
authserv-id = "mx.example.org"
socket = "{socket}"
socket-mode = "0666"
policy = "{policy}"
local-domains = {{ "example.org", ".example.org" }}
local-networks = {{ "127.0.0.0/8", "::1/128", "198.51.100.128/25" }}
trusted-relays = {{ "192.0.2.40" }}
resolver {{
	servers = {{ "127.0.0.1@53" }}
	timeout = 2s
	budget = 4s
}}
log {{
	target = "stderr"
	format = "logfmt"
}}
history {{
	path = "{history}"
}}
{extra}
"""


def folder(path, owner=None, group=None, mode=0o755):
    import shutil
    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    if owner:
        shutil.chown(path, owner, group or owner)
    return path

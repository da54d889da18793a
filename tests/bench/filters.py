# SPDX-License-Identifier: BSD-2-Clause
"""What is measured: assayd and its peers, each a class that starts its
programs, says where their sockets are and which processes to count, and stops
them by their own handles. And the DNS they all ask.
"""
import asyncio
import os
import pathlib
import shutil
import subprocess
import threading

from sandbox import write
from servers import Assayd, folder, stop, until

RESOLVER = ("127.0.0.1", 53)


class Slow:
    """In front of the authoritative server: every answer takes this long."""

    PORT = 5301

    def __init__(self, upstream_port, seconds):
        self.upstream, self.seconds = ("127.0.0.1", upstream_port), seconds
        self.waiting, self.next = {}, 0
        started = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(started)),
                         daemon=True).start()
        if not started.wait(10):
            raise RuntimeError("the slow forwarder does not start")

    async def serve(self, started):
        loop = asyncio.get_running_loop()
        outer = self

        class Asked(asyncio.DatagramProtocol):
            def datagram_received(self, data, peer):
                loop.call_later(outer.seconds, outer.ask, data, peer)

        class Told(asyncio.DatagramProtocol):
            def datagram_received(self, data, peer):
                outer.tell(data)

        self.front, _ = await loop.create_datagram_endpoint(
            Asked, local_addr=("127.0.0.1", self.PORT))
        self.back, _ = await loop.create_datagram_endpoint(
            Told, remote_addr=self.upstream)
        started.set()
        await asyncio.Event().wait()

    def ask(self, data, peer):
        self.next = (self.next + 1) % 65536
        self.waiting[self.next] = data[:2], peer
        self.back.sendto(self.next.to_bytes(2, "big") + data[2:])

    def tell(self, data):
        number = int.from_bytes(data[:2], "big")
        if number in self.waiting:
            number, peer = self.waiting.pop(number)
            self.front.sendto(number + data[2:], peer)


class Unbound:
    """The caching resolver of the machine: one process, empty at its start."""

    def __init__(self, root, port):
        self.folder = folder(root / "unbound")
        self.process = None
        write(self.folder / "unbound.conf", """
server:
  directory: "{0}"
  chroot: ""
  username: ""
  pidfile: ""
  interface: 127.0.0.1
  do-ip6: no
  use-syslog: no
  verbosity: 0
  module-config: "iterator"
  do-not-query-localhost: no
  unblock-lan-zones: yes
  num-threads: 1
  outgoing-range: 512
  infra-host-ttl: 10
  infra-keep-probing: yes
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{1}
""".format(self.folder, port))

    def start(self):
        self.process = subprocess.Popen(
            ["unbound", "-d", "-c", str(self.folder / "unbound.conf")],
            stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "log", "ab"))
        until(self.answers, 15, "unbound", self.process)

    @staticmethod
    def answers():
        from servers import listens
        return listens(*RESOLVER)

    def stop(self):
        stop(self.process)
        self.process = None


class Filter:
    """A row of the table. `found`: a word that its results hold when all is
    well; a row with other results would be no comparison."""

    name, found, package = "", "", None

    def __init__(self, root, build):
        self.root, self.build = root, build
        self.processes = []
        self.sockets = []

    def missing(self):
        return None

    def spawn(self, argv, sock, name):
        log = open(self.root / (name + ".log"), "ab")
        p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL,
                             stdout=log, stderr=log)
        self.processes.append(p)
        until(lambda: os.path.exists(sock), 30, name, p)
        os.chmod(sock, 0o666)
        self.sockets.append("unix:%s" % sock)

    def pids(self):
        mine = {p.pid for p in self.processes}
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                words = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(words[1]) in mine:
                mine.add(int(path.parent.name))
        return sorted(mine)

    def stop(self):
        for p in reversed(self.processes):
            stop(p)
        for s in self.sockets:
            pathlib.Path(s[5:]).unlink(missing_ok=True)
        self.processes, self.sockets = [], []


class Nothing(Filter):
    name, found = "nothing", "was done"
    more = []

    def start(self):
        sock = self.root / (self.name.replace(", ", "-") + ".sock")
        self.spawn([self.build / "tests/bench/bench_nothing",
                    "unix:%s" % sock] + self.more, sock, "nothing")


class NoReply(Nothing):
    name, more = "nothing, no-reply", ["noreply"]


class Open(Filter):
    """DKIM by one filter, SPF and DMARC by the other, as people run them."""

    name, found = "opendkim + opendmarc", "dmarc=pass"

    def missing(self):
        for program in ("opendkim", "opendmarc"):
            if not shutil.which(program):
                return "%s is not installed" % program
        return None

    def start(self):
        home = folder(self.root / "open")
        dkim, dmarc = home / "opendkim.sock", home / "opendmarc.sock"
        conf = write(home / "opendkim.conf", """
Mode v
AuthservID mx.example.org
Nameservers 127.0.0.1
Syslog yes
SyslogSuccess yes
LogWhy yes
AlwaysAddARHeader yes
RequireSafeKeys no
""")
        self.spawn(["opendkim", "-f", "-x", conf, "-p", "local:%s" % dkim],
                   dkim, "opendkim")
        conf = write(home / "opendmarc.conf", """
AuthservID mx.example.org
TrustedAuthservIDs mx.example.org
SPFIgnoreResults true
SPFSelfValidate true
RejectFailures false
Syslog true
""")
        self.spawn(["opendmarc", "-f", "-c", conf, "-p", "local:%s" % dmarc],
                   dmarc, "opendmarc")


RSPAMD = """
options {{
	pidfile = "{0}/pid";
	filters = "dkim";
	dns {{ nameserver = ["127.0.0.1:53:1"]; timeout = 5s; retransmits = 2; }}
	local_addrs = [];
	dynamic_conf = "{0}/dynamic";
	stats_file = "{0}/stats";
	hs_cache_dir = "{0}";
	cache_file = "{0}/cache";
	control_socket = "{0}/control mode=0600";
}}
logging {{ type = "file"; filename = "{0}/log"; level = "info"; }}
metric {{ name = "default"; actions {{ reject = 10000; add_header = 9000;
	greylist = 8000; }} }}
modules {{ path = "/usr/share/rspamd/plugins/"; }}
spf {{ spf_cache_size = 2k; spf_cache_expire = 1d; }}
dkim {{ dkim_cache_size = 2k; dkim_cache_expire = 1d; time_jitter = 6h;
	trusted_only = false; skip_multi = false; }}
dmarc {{ }}
arc {{ }}
milter_headers {{ use = ["authentication-results"]; }}
worker "rspamd_proxy" {{
	bind_socket = "{0}/rspamd.sock mode=0666";
	milter = yes;
	timeout = 120s;
	count = 1;
	upstream "local" {{ default = yes; self_scan = yes; }}
}}
"""


class Rspamd(Filter):
    """With its modules for SPF, DKIM, DMARC and ARC, and no other."""

    name, found = "rspamd", "dmarc=pass"

    def missing(self):
        return None if shutil.which("rspamd") else "rspamd is not installed"

    def start(self):
        home = folder(self.root / "rspamd", mode=0o777)
        sock = home / "rspamd.sock"
        conf = write(home / "rspamd.conf", RSPAMD.format(home))
        self.spawn(["rspamd", "-f", "-i", "-c", conf, "--insecure"],
                   sock, "rspamd")


ASSAY = """
authserv-id = "mx.example.org"
socket = "{socket}"
socket-mode = "0666"
policy = "{policy}"
resolver {{
	servers = {{ "127.0.0.1@53" }}
	private-zones = yes
	{resolver}
}}
spf {{ engine = "{engine}" }}
dkim {{ engine = "{engine}" }}
history {{
	path = "{home}/history.db"
	{history}
}}
log {{
	target = "stderr"
	format = "logfmt"
}}
"""


class Daemon(Assayd):
    """`more`: further keys by section."""

    def __init__(self, root, program, name, socket_spec, policy, engine, more):
        self.engine, self.more = engine, more
        super().__init__(root, program, name, socket_spec, policy)

    def configure(self, policy, extra=""):
        self.policy = policy
        write(self.conf, ASSAY.format(socket=self.socket_spec, policy=policy,
                                      home=self.folder, engine=self.engine,
                                      resolver=self.more.get("resolver", ""),
                                      history=self.more.get("history", "")))


class Assay(Filter):
    engine, found = "", "dmarc=pass"
    wrap = None                 # a command before assayd's, for profilers
    more = {}                   # of its configuration

    def start(self):
        place = self.root / ("assay-" + self.engine)
        shutil.rmtree(self.root / ("assayd-" + self.engine),
                      ignore_errors=True)
        sock = "%s.sock" % place
        policy = pathlib.Path(__file__).resolve().parents[2] / \
            "policy/standard.policy"
        program = self.build / "assayd"
        if self.wrap:
            program = write(self.root / "wrapped", '#!/bin/sh\nexec %s %s "$@"'
                            '\n' % (self.wrap, program), 0o755)
        self.daemon = Daemon(self.root, str(program), self.engine,
                             "unix:" + sock, policy, self.engine, self.more)
        self.daemon.start()
        self.processes.append(self.daemon.process)
        self.sockets.append("unix:" + sock)


class Library(Assay):
    name, engine = "assay, library", "library"


class Native(Assay):
    name, engine = "assay, native", "native"


ALL = [Nothing, NoReply, Open, Rspamd, Library, Native]

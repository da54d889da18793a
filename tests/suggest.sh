#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Do suggestions follow from the history, and does accepting one write the list?
# usage: tests/suggest.sh ASSAY BENCH_REPLAY
set -eu
LC_ALL=C
export LC_ALL

if [ $# -ne 2 ] || [ ! -x "$1" ] || [ ! -x "$2" ]; then
	echo "usage: tests/suggest.sh ASSAY BENCH_REPLAY (built programs)" >&2
	exit 64
fi
assay=$1 bench=$2
if ! python3 -c 'import sqlite3' 2>/dev/null; then
	echo "skipped: python3 with sqlite3 is not installed"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
db=$work/h.db
bad=0

# expect WHAT CODE PATTERN COMMAND...: the exit code, and a line that matches.
expect()
{
	what=$1 code=$2 pattern=$3
	shift 3
	got=0
	"$@" >"$work/out" 2>&1 </dev/null || got=$?
	if [ $got -ne "$code" ]; then
		echo "FAILED: $what: exit code $got instead of $code"
	elif ! grep -q -e "$pattern" "$work/out"; then
		echo "FAILED: $what: no line has \"$pattern\""
	else
		echo "ok: $what"
		return
	fi
	sed 's/^/    /' "$work/out"
	bad=1
}

# Nobody forwards here, until the client of the spoofs does.
"$bench" "$db" 100 >/dev/null
echo "history { path = \"$db\" }" >"$work/a.conf"
suggest()
{
	"$assay" lists suggest --conf "$work/a.conf" "$@"
}
expect "nobody" 0 '^0 likely forwarders$' suggest
python3 - "$db" <<'P'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
rows = db.execute("SELECT seq, facts FROM message WHERE rule = 'spoof'"
    " AND client_ip = '203.0.113.9' ORDER BY seq").fetchall()
for n, (seq, facts) in enumerate(rows):
    f = json.loads(facts)
    f.update({"forwarded.likely": True, "forwarded.by": ["list", "srs"],
        "client.name": "out.club.example", "iprev.result": "pass",
        "spf.result": "pass", "spf.scope": "mailfrom",
        "spf.domain": "club.example"})
    db.execute("UPDATE message SET facts = ?, from_domain = ? WHERE seq = ?",
        (json.dumps(f), "author%d.example" % (n % 4), seq))
db.commit()
P

expect "a forwarder" 0 '^client *203.0.113.9: 20 messages of 4 author domains$' \
    suggest --since 14d
expect "its name" 0 '^name *out.club.example (confirmed)$' suggest
expect "what SPF says" 0 '^mail domain *club.example (SPF passed)$' suggest
expect "signs" 0 '^signs *list 20, srs 20$' suggest
expect "trouble" 0 '^trouble *dmarc fail 20, reject 20$' suggest
expect "ids" 0 '^examples *[0-9a-z]\{12\} [0-9a-z]\{12\} [0-9a-z]\{12\}$' suggest
id=$(suggest | awk '$1 == "examples" { print $2 }')
expect "an id can be explained" 0 '^verdict *reject' "$assay" explain "$id" \
    --conf "$work/a.conf"
expect "JSON" 0 '"authors": 4' suggest --json
expect "nothing since" 0 '^0 likely forwarders$' suggest --since 2199-01-01
expect "no time" 64 'neither a time' suggest --since x

# --- accept ---

list=$work/f.list
echo '100::/64' >"$list"
chmod 640 "$list"
accept()
{
	"$assay" lists accept "$@"
}
expect "not known yet" 0 '^1 likely forwarders$' suggest --list "$list"
expect "nothing was written by itself" 0 '^1$' sh -c "wc -l <'$list'"
expect "accepted" 0 'f.list: 203.0.113.9$' accept 203.0.113.9 --list "$list" \
    --owner ann --why "the rowing club" --until 2199-12-31
expect "the line" 0 \
    '^203.0.113.9 owner="ann" until=2199-12-31 why="the rowing club"$' \
    tail -n 1 "$list"
expect "the mode" 0 '^-rw-r-----' ls -l "$list"
expect "known now" 0 '^0 likely forwarders$' suggest --list "$list"
expect "a duplicate" 65 ':2: 203.0.113.9/32 is there already' accept 203.0.113.9 \
    --list "$list" --owner ann --why "again" --until 2199-12-31
expect "no entry" 65 'f.list:3:1: ' accept 203.0.113.0/64 --list "$list" \
    --owner ann --why "x"
expect "no owner" 64 'owner' accept a.example --list "$list" --why x
expect "no list" 64 'list' accept a.example --owner ann --why x
expect "two lines, no more" 0 '^2$' sh -c "wc -l <'$list'"
cat >"$work/f.policy" <<'P'
list forwarders from "f.list"
rule known { when client.ip in forwarders accept }
rule spoof { when dmarc.result == fail reject 550 5.7.26 "no" }
default accept
P
expect "a policy takes it" 0 'reject by spoof -> accept by known' "$assay" \
    replay --conf "$work/a.conf" --policy "$work/f.policy"
expect "did you mean" 64 'did you mean lists accept' "$assay" lists acept

exit $bad

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Does `assay check` tell a person all that it found and decided?
# usage: tests/check.sh ASSAY
set -eu
LC_ALL=C
export LC_ALL

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
	echo "usage: tests/check.sh ASSAY (the built program)" >&2
	exit 64
fi
assay=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

cat >"$work/zone" <<'Z'
example.com. 300 IN TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com. 300 IN TXT "v=DMARC1; p=reject"
66.2.0.192.in-addr.arpa. 300 IN PTR "dial-up.example.net."
dial-up.example.net. 300 IN A 192.0.2.66
Z
cat >"$work/a.policy" <<'P'
list hosts { "192.0.2.66" }
rule known {
    when   dmarc.result == fail and client.ip in hosts
    log    "of {from.domain}, by hand"
    report override trusted_forwarder
}
rule late { when spf.result == softfail  reject 550 5.7.1 "no" }
default accept
P
printf 'From: Ann <ann@example.com>\nTo: info@example.org\n\nHello.\n' \
    >"$work/message"

"$assay" check --conf /dev/null --zone "$work/zone" \
    --policy "$work/a.policy" --ip 192.0.2.66 --helo dial-up.example.net \
    --from ann@example.com "$work/message" >"$work/out"

# line PATTERN: one line is this, blanks in a row being one.
line()
{
	if sed 's/  */ /g; s/ $//' "$work/out" | grep -q -x -e "$1"; then
		echo "ok: $1"
	else
		echo "FAILED: no line \"$1\""
		bad=1
	fi
}

line 'client 192.0.2.66'
line 'class outside'
line 'from example.com'
line 'iprev pass'
line 'spf fail'
line ' mechanism -all'
line 'dkim none'
line 'arc none'
line 'dmarc fail'
line ' record v=DMARC1; p=reject'
line "rules \* $work/a.policy:2 known"
line ' dmarc.result == fail: yes (fail)'
line ' client.ip in hosts: yes (192.0.2.66)'
line " $work/a.policy:7 late"
line ' spf.result == softfail: no (fail)'
line 'verdict accept'
line ' rule default'
line ' notes of example.com, by hand'
line ' override trusted_forwarder'
line ' dmarc=fail reason=.*'
if [ $bad -ne 0 ]; then
	cat "$work/out"
	exit 1
fi

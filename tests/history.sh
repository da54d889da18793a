#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# assay history, explain, replay and lists audit on a history of messages that
# bench_replay has decided and written.
# usage: tests/history.sh ASSAY BENCH_REPLAY
set -eu
LC_ALL=C
export LC_ALL

if [ $# -ne 2 ] || [ ! -x "$1" ] || [ ! -x "$2" ]; then
	echo "usage: tests/history.sh ASSAY BENCH_REPLAY (built programs)" >&2
	exit 64
fi
assay=$1 bench=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
db=$work/h.db
bad=0

# What this machine has in /etc is no part of the test.
echo 'authserv-id = mx.example.org' >"$work/plain.conf"
cat >"$work/assay" <<W
#!/bin/sh
case " \$* " in
*" --conf "*) exec "$assay" "\$@" ;;
esac
exec "$assay" "\$@" --conf "$work/plain.conf"
W
chmod 755 "$work/assay"
assay=$work/assay

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

# The policy that bench_replay decides by, and one that differs.
cat >"$work/sample.policy" <<'P'
rule early-rcpt early {
	when rcpt.address == "closed@example.org"
	reject 550 5.7.1 "closed {rcpt.address}"
}
rule many { when from.status != ok
	reject 550 5.7.1 "author {from.status}" }
rule dns { when dmarc.result == temperror tempfail 451 4.7.24 "later" }
rule spoof { when dmarc.result == fail unless forwarded.likely
	reject 550 5.7.26 "{from.domain} 100%" }
rule drop { when rcpt.address == "drop@example.org" discard }
rule mark { when subject matches "*mark*" or header("X-Odd") == "yes"
	log "marked {subject}"
	tag header "X-Spam-Flag" "YES" subject "[mark] " }
default accept
P
cat >"$work/milder.policy" <<'P'
list friends { "friend.example" }
rule friend unsafe { when from.domain in friends accept }
rule spoof { when dmarc.result == fail and spf.result == fail
	quarantine "spoofed" }
rule new { when header("X-New") == "1" discard }
default accept
P
echo "history { path = \"$db\" }" >"$work/a.conf"

"$bench" "$db" 1000 "$work/sample.policy" >/dev/null

# --- history ---

expect "history by --conf" 0 'action\|reject *spoof' \
    "$assay" history --conf "$work/a.conf"
expect "a limit" 0 '^1$' sh -c "'$assay' history --history '$db' \
    --conf '$work/a.conf' --limit 1 | wc -l"
expect "all of a rule" 0 '^200$' sh -c "'$assay' history --history '$db' \
    --conf '$work/a.conf' --rule spoof --limit 0 | wc -l"
expect "an action" 0 '^100$' sh -c "'$assay' history --conf '$work/a.conf' \
    --action tempfail --limit 0 | wc -l"
expect "a domain and those below" 0 'strange.example.com' "$assay" history \
    --conf "$work/a.conf" --domain Example.COM --limit 0
expect "a client, as people write it" 0 '^100$' sh -c "'$assay' history \
    --conf '$work/a.conf' --client 2001:DB8:0::1 --limit 0 | wc -l"
expect "nothing before tomorrow" 0 '^0$' sh -c "'$assay' history \
    --conf '$work/a.conf' --since 2199-01-01 | wc -l"
expect "the last hour" 0 '^1000$' sh -c "'$assay' history \
    --conf '$work/a.conf' --since 1h --limit 0 | wc -l"
expect "JSON" 0 '"messages"' "$assay" history --conf "$work/a.conf" --json
expect "no such action" 64 'did you mean reject' "$assay" history \
    --conf "$work/a.conf" --action rejekt
expect "no date" 64 'neither a time' "$assay" history --conf "$work/a.conf" \
    --since 2026-02-31
expect "no address" 64 'no address' "$assay" history --conf "$work/a.conf" \
    --client 1.2.3
expect "no history" 66 'No such file' "$assay" history \
    --conf "$work/a.conf" --history "$work/none.db"
expect "no database" 66 'not a database' "$assay" history \
    --conf "$work/a.conf" --history "$work/sample.policy"
echo 'history { path = "" }' >"$work/off.conf"
expect "switched off" 78 'keeps no history' "$assay" history \
    --conf "$work/off.conf"

# --- explain ---

id=$("$assay" history --conf "$work/a.conf" --rule spoof --limit 1 |
    awk '{ print $3 }')
expect "the verdict" 0 '^verdict *reject' "$assay" explain "$id" \
    --conf "$work/a.conf"
expect "the rule" 0 "spoof ($work/sample.policy:8)" "$assay" explain "$id" \
    --conf "$work/a.conf"
expect "what it was told" 0 "550 5.7.26 .* 100% (id $id)" "$assay" explain \
    "$id" --conf "$work/a.conf"
expect "a question" 0 'found, ttl 3600 s, waited' "$assay" explain \
    "$id" --conf "$work/a.conf"
expect "a test with its value" 0 'dmarc.result == fail: yes (fail)' \
    "$assay" explain "$id" --conf "$work/a.conf"
expect "what would have changed it" 0 \
    'forwarded.likely = yes instead of no: accept by default' \
    "$assay" explain "$id" --conf "$work/a.conf"
good=$("$assay" history --conf "$work/a.conf" --rule default --limit 1 |
    awk '{ print $3 }')
expect "which rule missed" 0 '^missed *drop .*drop@example.org.: no\|mark ' \
    "$assay" explain "$good" --conf "$work/a.conf"
expect "another header field" 0 \
    'header("X-Odd") = yes instead of absent: tag by mark' \
    "$assay" explain "$good" --conf "$work/a.conf"
expect "a pattern is no value" 0 \
    'subject = what matches "\*mark\*" instead of .*: tag by mark' \
    "$assay" explain "$good" --conf "$work/a.conf"
mv "$work/sample.policy" "$work/gone"
expect "a policy that is gone" 0 'cannot be read any more' "$assay" explain \
    "$id" --conf "$work/a.conf"
sed 's/^rule spoof.*/rule spoof { when dmarc.result == pass/' "$work/gone" \
    >"$work/sample.policy"
expect "a policy that was changed" 0 'today it says accept by default' \
    "$assay" explain "$id" --conf "$work/a.conf"
mv "$work/gone" "$work/sample.policy"
expect "by queue id" 0 '^queue id *Q1' "$assay" explain Q1 \
    --conf "$work/a.conf"
expect "JSON of the detail" 0 '"alignment"' "$assay" explain "$id" \
    --conf "$work/a.conf" --json
expect "no such id" 66 'no message with the id' "$assay" explain xxx \
    --conf "$work/a.conf"
expect "no id" 64 'name one id' "$assay" explain --conf "$work/a.conf"

# --- replay ---

expect "the same policy changes nothing" 0 \
    '^1000 messages: 1000 unchanged, 0 changed, 0 cannot say$' \
    "$assay" replay --conf "$work/a.conf" --policy "$work/sample.policy"
expect "another cannot say of all" 0 \
    '^1000 messages: 0 unchanged, 100 changed, 900 cannot say$' \
    "$assay" replay --conf "$work/a.conf" --policy "$work/milder.policy"
expect "by action, with examples" 0 \
    ' 100  reject     -> quarantine  *[0-9a-z]\{12\} ' \
    "$assay" replay --conf "$work/a.conf" --policy "$work/milder.policy"
expect "where it stopped" 0 ' 900  rule new lacks: header("X-New") == "1"  *[0-9a-z]' \
    "$assay" replay --conf "$work/a.conf" --policy "$work/milder.policy"
expect "against another policy" 0 \
    '^1000 messages: 0 unchanged, 100 changed, 900 cannot say$' \
    "$assay" replay --conf "$work/a.conf" --policy "$work/sample.policy" \
    --against "$work/milder.policy"
expect "against itself" 0 \
    '^1000 messages: 100 unchanged, 0 changed, 900 cannot say$' \
    "$assay" replay --conf "$work/a.conf" --policy "$work/milder.policy" \
    --against "$work/milder.policy"
expect "JSON" 0 '"cannot_say": 900' "$assay" replay --conf "$work/a.conf" \
    --policy "$work/milder.policy" --json
expect "nothing since" 0 '^0 messages' "$assay" replay \
    --conf "$work/a.conf" --policy "$work/sample.policy" --since 2199-01-01
expect "no policy named" 64 '--policy' "$assay" replay --conf "$work/a.conf"
expect "a policy with a mistake" 78 'a.conf:1:' "$assay" replay \
    --conf "$work/a.conf" --policy "$work/a.conf"

# --- lists audit, policy diff ---

cat >"$work/lists.list" <<'P'
example.com owner=joe
never.example owner=ann why="nobody remembers"
8.0.0.0/8
gone.example until=2001-09-09
P
cat >"$work/lists.policy" <<'P'
list some from "lists.list"
rule some { when from.domain in some or client.ip in some
	reject 550 5.7.1 "no" }
default accept
P
echo '{"from.domain": "example.com", "from.status": "ok"}' >"$work/facts.json"
printf 'From: a@example.com\r\n\r\nx\r\n' >"$work/letter"
echo 'example.com TXT "v=spf1 -all"' >"$work/zone"

expect "hits are unknown without a history" 0 'is unknown' "$assay" \
    lists audit --policy "$work/lists.policy"
expect "an entry that is never hit" 0 '^never-hit .*:2: never.example: .*(owner ann)$' \
    "$assay" lists audit --policy "$work/lists.policy" --history "$db"
expect "an entry that is hit" 0 ' 4 entries, 4 findings$' \
    "$assay" lists audit --policy "$work/lists.policy" --history "$db"
expect "stale after a hundred days" 0 '^stale .*:1: example.com: ' \
    "$assay" lists audit --policy "$work/lists.policy" --history "$db" \
    --time $(($(date +%s) + 8640000))
expect "expired, dangerous" 0 '"kind": "expired"' "$assay" lists audit \
    --policy "$work/lists.policy" --json
expect "rules that differ" 0 '^removed *rule dns$' "$assay" policy diff \
    "$work/sample.policy" "$work/lists.policy"
expect "facts decided otherwise" 0 'accept by default -> reject by some' \
    "$assay" policy diff "$work/sample.policy" "$work/lists.policy" \
    --facts "$work/facts.json"
expect "messages decided otherwise" 0 '"rule": "some"' "$assay" policy diff \
    "$work/milder.policy" "$work/lists.policy" --message "$work/letter" \
    --ip 192.0.2.1 --zone "$work/zone" --json
expect "past messages by both" 0 \
    '^1000 messages: 100 unchanged, 900 changed, 0 cannot say$' \
    "$assay" policy diff "$work/sample.policy" "$work/lists.policy" \
    --history "$db"
expect "by rule, with ids" 0 \
    ' 100  reject by spoof -> reject by some  *[0-9a-z]\{12\} ' \
    "$assay" policy diff "$work/sample.policy" "$work/lists.policy" \
    --since 14d --conf "$work/a.conf"
expect "as text above it" 0 '^removed *rule dns$' "$assay" policy diff \
    "$work/sample.policy" "$work/lists.policy" --since 14d \
    --conf "$work/a.conf"
expect "past messages as JSON" 0 '"cannot_say": 900' "$assay" policy diff \
    "$work/sample.policy" "$work/milder.policy" --history "$db" --json
expect "nobody asked for them" 1 '^0$' sh -c "'$assay' policy diff \
    '$work/sample.policy' '$work/lists.policy' | grep -c messages:"
expect "a history that is not there" 66 'No such file' "$assay" policy diff \
    "$work/sample.policy" "$work/lists.policy" --history "$work/none.db"
expect "one file" 64 'two policy files, or none' "$assay" policy diff \
    "$work/sample.policy"
expect "no files, no shadow" 78 'has no shadow-policy' "$assay" policy diff
{
	echo 'authserv-id = mx.example.org'
	echo "policy = \"$work/sample.policy\""
	echo "shadow-policy = \"$work/lists.policy\""
} >"$work/shadow.conf"
expect "policy and shadow policy" 0 '^removed *rule dns$' "$assay" policy diff \
    --conf "$work/shadow.conf"
expect "the words that differ" 0 '^ *- reject 550 5.7.26$\|^ *+ and spf.result' "$assay" \
    policy diff "$work/sample.policy" "$work/milder.policy"
expect "nothing that the shadow would change" 0 '"messages": \[\]' "$assay" \
    history --shadow --history "$db" --json
expect "nobody only watched" 0 '"messages": \[\]' "$assay" history \
    --observed spoof --history "$db" --json
expect "since no time" 64 'neither a time' "$assay" policy diff \
    "$work/sample.policy" "$work/lists.policy" --since x
expect "facts that are none" 65 'no JSON' "$assay" policy diff \
    "$work/milder.policy" "$work/lists.policy" --facts "$work/letter"

exit $bad

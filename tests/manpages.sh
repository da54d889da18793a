#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Do the manual pages say what the programs do? All are clean mdoc; assay.conf.5
# has every configuration key with its default and no other, assay.1 every
# command with its options, assayd.8 every option of assayd.
# usage: tests/manpages.sh ASSAY       (assayd is looked for beside it)
set -eu
LC_ALL=C
export LC_ALL

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
	echo "usage: tests/manpages.sh ASSAY (the built program)" >&2
	exit 64
fi
assay=$(realpath "$1")
cd "$(dirname "$0")/.."
conf_page=src/setup/assay.conf.5
tool_page=src/tool/assay.1
daemon_page=src/daemon/assayd.8
pages="$daemon_page $tool_page $conf_page src/policy/assay-policy.5"

if ! command -v mandoc >/dev/null; then
	echo "skipped: mandoc is not installed"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

fail()
{
	echo "$*"
	bad=1
}

# --- mdoc ---

for page in $pages; do
	if [ ! -r "$page" ]; then
		fail "$page: is missing"
	elif ! mandoc -Tlint -W warning "$page"; then
		fail "$page: is no clean mdoc"
	fi
done

# Two sorted lists of what page and program have; differences are shown.
same()
{
	what=$1 page=$2
	sort -o "$work/page" "$work/page"
	sort -o "$work/program" "$work/program"
	# An empty list would prove nothing.
	if [ ! -s "$work/program" ]; then
		fail "$page: the program tells no $what"
		return
	fi
	comm -13 "$work/page" "$work/program" >"$work/missing"
	comm -23 "$work/page" "$work/program" >"$work/surplus"
	sed "s|^|$page: lacks the $what: |" "$work/missing"
	sed "s|^|$page: has, but not the program, the $what: |" "$work/surplus"
	if [ -s "$work/missing" ] || [ -s "$work/surplus" ]; then
		bad=1
	else
		echo "$page: $what: all $(wc -l <"$work/page") agree"
	fi
}

# --- configuration keys: "section.key = default" ---

# Pages say /etc/assay, whatever folder this build has.
built_in=$("$assay" config --help |
    sed -n 's|.*(default \(.*\)/assay\.conf).*|\1|p')

# The one default that depends on the machine is set.
echo 'authserv-id = "mx.example.org"' |
    "$assay" config --conf /dev/stdin |
    awk -v dir="$built_in/" '
	/^[ \t]*(#|$)/ { next }
	$2 == "{" { section = $1 "."; next }
	$1 == "}" { section = ""; next }
	{
		sub(/^[ \t]+/, "")
		if ($1 == "authserv-id")
			$0 = "authserv-id = \"\""
		at = index($0, "\"" dir)
		if (at > 0)
			$0 = substr($0, 1, at) "/etc/assay/" \
			    substr($0, at + 1 + length(dir))
		print section $0
	}' >"$work/program"

awk '
	$1 == ".Sh" { known = 0; section = "" }
	$1 == ".Sh" && $2 == "GENERAL" { known = 1 }
	$1 == ".Sh" && $2 == "SECTION" { known = 1; section = tolower($3) "." }
	known && $1 == ".It" && $2 == "Ic" {
		sub(/^\.It Ic /, "")
		gsub(/\\\(dq/, "\"")
		print section $0
	}' "$conf_page" >"$work/page"
same "configuration key" "$conf_page"

# --- commands and their options: "check --ip ADDRESS" ---

"$assay" --help | awk '
	/^  [^ ]/ {
		name = substr($0, 3, 14)
		sub(/ +$/, "", name)
		print name
	}' >"$work/commands"

while read -r command; do
	echo "$command"
	# shellcheck disable=SC2086 # "policy check" is two words
	"$assay" $command --help </dev/null | awk -v command="$command" '
		/^  --/ {
			argument = $2 ~ /^[A-Z][A-Z:]*$/ ? " " $2 : ""
			print command " " $1 argument
		}'
done <"$work/commands" >"$work/program"

awk '
	$1 == ".Sh" { part = $2; command = "" }
	part == "COMMANDS" && $1 == ".Ss" {
		command = substr($0, 5)
		commands[++count] = command
		print command
	}
	$1 == ".It" && $2 == "Fl" && (part == "COMMON" || command != "") {
		option = "-" $3 ($4 == "Ar" ? " " toupper($5) : "")
		if (part == "COMMON")
			common[++commons] = option
		else
			print command " " option
	}
	END {
		for (i = 1; i <= count; i++)
			for (j = 1; j <= commons; j++)
				print commands[i] " " common[j]
	}' "$tool_page" >"$work/page"
same "command or option" "$tool_page"

# --- options of assayd ---

assayd=$(dirname "$assay")/assayd
if [ -x "$assayd" ]; then
	"$assayd" -h | sed -n 's/^usage: assayd//p' |
	    grep -o -e '-[A-Za-z]\( [A-Z]*\)\{0,1\}' >"$work/program"
	awk '
		$1 == ".Sh" { part = $2 }
		part == "OPTIONS" && $1 == ".It" && $2 == "Fl" {
			print "-" $3 ($4 == "Ar" ? " " toupper($5) : "")
		}' "$daemon_page" >"$work/page"
	same "option" "$daemon_page"
fi

exit $bad

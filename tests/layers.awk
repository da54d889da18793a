# The layers test: who may include whom.
# A room is a folder of src with all that is below it.
# usage: awk -f tests/layers.awk src/LAYERS $(find src -name '*.[ch]')
FNR == 1 { room = FILENAME; sub(/^(.*\/)?src\//, "", room); sub(/\/.*/, "", room) }
FILENAME ~ /LAYERS$/ {
	if ($0 ~ /^</) doorman[$1] = $2
	else if ($1 ~ /:$/) {
		name = substr($1, 1, length($1) - 1); known[name] = 1
		may[name, name] = 1
		for (i = 2; i <= NF; i++) {
			if (!($i in known)) fail(name " names " $i " below it")
			may[name, $i] = 1
		}
	}
	next
}
FNR == 1 && !(room in known) { fail("room " room " is not in LAYERS") }
FNR == 1 { files++ }
/^#[ \t]*include "/ {
	split($0, q, "\""); split(q[2], part, "/")
	if (!((room, part[1]) in may)) fail(room " may not include " q[2])
}
/^#[ \t]*include </ {
	for (h in doorman)
		if (index($0, h) && doorman[h] != room) fail(h " belongs to " doorman[h])
}
function fail(why) { printf "%s:%d: %s\n", FILENAME, FNR, why; bad = 1 }
END {
	if (!files) { print "no source file was given"; bad = 1 }
	exit bad
}

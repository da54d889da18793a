/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Names of sockets.
 */
#include "fuzz.h"
#include "setup/socket_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	const char *text = fuzz_text(mem, fuzz_slice(data, size));
	struct socket_name name, again;
	struct error err = { "" };

	if (!socket_name_parse(text, &name, &err)) {
		need(err.text[0] != '\0', "a reason why it is none");
		return 0;
	}
	need(name.is_path ? name.path[0] == '/' : name.port > 0 &&
	    name.port <= 65535 && name.host[0] != '\0', "it is whole");
	need(strlen(name.libmilter) < sizeof(name.libmilter) - 1 &&
	    strlen(name.postfix) < sizeof(name.postfix) - 1,
	    "nothing was cut");
	need(socket_name_parse(name.libmilter, &again, &err) &&
	    again.is_path == name.is_path && again.port == name.port &&
	    fuzz_same(again.path, name.path) &&
	    fuzz_same(again.host, name.host), "libmilter's form is one, too");
	return 0;
}

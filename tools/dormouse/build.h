/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a domain: all of it, or nothing is left. */
#ifndef TOOL_BUILD_H
#define TOOL_BUILD_H

#include "ctl.h"
#include "spec.h"

struct build {
	const struct spec *spec;
	const char *root; /* before paths of the system, for tests; "" */
	/* done of total bytes of `what` are there; called often. NULL: nobody wants to know. */
	void (*progress)(const char *what, uint64_t done, uint64_t total);
	uint16_t domid; /* out */
};

/* It is paused then. False after a message, and nothing is left of it. */
bool build_domain(struct build *b);

#endif

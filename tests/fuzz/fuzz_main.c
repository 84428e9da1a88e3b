/* SPDX-License-Identifier: Apache-2.0 */
/* Between libFuzzer and a target. Whatever ends the hypervisor ends the process as a crash. */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/panic.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *what, const char *format, va_list args)
{
	fprintf(stderr, "==fuzz== %s: ", what);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	abort();
}

#define DIES(name)                         \
	void name(const char *format, ...) \
	{                                  \
		va_list args;              \
                                           \
		va_start(args, format);    \
		die(#name, format, args);  \
		va_end(args);              \
		abort();                   \
	}
DIES(fuzz_die)
DIES(panic)
DIES(fatal)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_setup();
	fuzz_state_save();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .left = size };

	fuzz_state_restore();
	fuzz_one(&in);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the code under test: .data and .bss of all its objects, which the build has renamed
 * to fuzz_data and fuzz_bss (build.mk), and the pages that its set-up has allocated. It is saved
 * once and put back before each execution, so that an input does the same whatever ran before it.
 *
 * This file's own variables aren't among them: it isn't renamed.
 */
#include "fuzz.h"

#include <stdlib.h>

/* By the linker, from the sections' names. Weak: a target may have none of one kind. */
extern uint8_t __start_fuzz_data[] __attribute__((weak));
extern uint8_t __stop_fuzz_data[] __attribute__((weak));
extern uint8_t __start_fuzz_bss[] __attribute__((weak));
extern uint8_t __stop_fuzz_bss[] __attribute__((weak));

static struct part {
	uint8_t *begin, *end, *saved;
} parts[2];

/* Not memcpy(): AddressSanitizer would complain of the gaps that it keeps between variables. */
static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

void fuzz_state_save(void)
{
	parts[0] = (struct part) { .begin = __start_fuzz_data, .end = __stop_fuzz_data };
	parts[1] = (struct part) { .begin = __start_fuzz_bss, .end = __stop_fuzz_bss };
	fuzz_pages_save();
	for (unsigned int i = 0; i < 2; i++) {
		size_t size = (size_t)(parts[i].end - parts[i].begin);

		if (!size)
			continue;
		parts[i].saved = malloc(size);
		copy(parts[i].saved, parts[i].begin, size);
	}
}

void fuzz_state_restore(void)
{
	/* First: it looks at what the execution before has left in its variables. */
	fuzz_pages_restore();
	for (unsigned int i = 0; i < 2; i++) {
		if (parts[i].saved)
			copy(parts[i].begin, parts[i].saved,
			     (size_t)(parts[i].end - parts[i].begin));
	}
}

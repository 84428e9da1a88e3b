/* SPDX-License-Identifier: Apache-2.0 */
#include "code.h"

#include "sysreg.h"

#define RET       0xd65f03c0
#define SYS_READ  0xd5200000
#define SYS_WRITE 0xd5000000
#define MAX_WORDS 15

typedef uint64_t code_fn(uint64_t x0, uint64_t x1);

static uint32_t buffer[MAX_WORDS + 1] __attribute__((aligned(64)));

code_fn *code_put(const uint32_t *words, unsigned int count)
{
	if (count > MAX_WORDS)
		count = MAX_WORDS;
	for (unsigned int i = 0; i < count; i++)
		buffer[i] = words[i];
	buffer[count] = RET;
	for (unsigned int i = 0; i <= MAX_WORDS; i += 4)
		__asm__ volatile("dc cvau, %0" ::"r"(&buffer[i]) : "memory");
	dsb();
	for (unsigned int i = 0; i <= MAX_WORDS; i += 4)
		__asm__ volatile("ic ivau, %0" ::"r"(&buffer[i]) : "memory");
	dsb();
	isb();
	return (code_fn *)(uintptr_t)buffer;
}

uint64_t code_address(void)
{
	return (uintptr_t)buffer;
}

struct exc code_try(uint32_t word)
{
	code_fn *fn = code_put(&word, 1);

	exc_arm();
	fn(0, 0);
	return exc_disarm();
}

struct exc sys_read(uint32_t encoding, uint64_t *value)
{
	uint32_t word = SYS_READ | encoding;
	code_fn *fn = code_put(&word, 1);

	exc_arm();
	*value = fn(*value, 0);
	return exc_disarm();
}

struct exc sys_write(uint32_t encoding, uint64_t value)
{
	uint32_t word = SYS_WRITE | encoding;
	code_fn *fn = code_put(&word, 1);

	exc_arm();
	fn(value, 0);
	return exc_disarm();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "destroy.h"

/*
 * Well mixed, so that no two registers, cycles or bits go together (the finaliser of splitmix64).
 * Seeds come in pairs: an odd one gives each bit the other value.
 */
uint64_t pattern(uint64_t seed, unsigned int n)
{
	uint64_t x = (seed | 1) + (n + 1) * 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	x ^= x >> 31;
	return seed & 1 ? ~x : x;
}

void compare(struct verdict *v, const char *name, unsigned int index, uint64_t was, uint64_t is)
{
	v->compared++;
	if (was == is)
		return;
	v->differs++;
	print("destroy: differs %u %s %s %u 0x%lx 0x%lx;\n", v->cycle, v->where, name, index, was,
	      is);
}

void compare_end(const struct verdict *v)
{
	print("destroy: compared %u %s %u %u;\n", v->cycle, v->where, v->compared, v->differs);
}

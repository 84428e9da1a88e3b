/* SPDX-License-Identifier: Apache-2.0 */
/* What the stack's analysis has to find: tests/static/selftest.py has the list. Linked into nothing. */
#include <stdint.h>
#include <string.h>

#define OUT_OF_LINE __attribute__((noinline))

void planted_root(uintptr_t n);
void planted_sink(char *p);
uintptr_t planted_as_number(void);

typedef void step_fn(uintptr_t n);

/* Only by way of this table is planted_deep() reached. */
struct planted_ops {
	step_fn *first;
	step_fn *never_set;
};

static OUT_OF_LINE void planted_deep(uintptr_t n)
{
	char big[7000];

	memset(big, (int)n, sizeof(big));
	planted_sink(big);
}

static const struct planted_ops ops = { .first = planted_deep };
static const struct planted_ops *volatile used = &ops;

static OUT_OF_LINE void planted_mutual(uintptr_t n);

static OUT_OF_LINE void planted_again(uintptr_t n)
{
	char some[32];

	planted_sink(some);
	if (n)
		planted_mutual(n - 1);
	planted_sink(some);
}

static OUT_OF_LINE void planted_mutual(uintptr_t n)
{
	char some[32];

	planted_sink(some);
	planted_again(n / 2);
	planted_sink(some);
}

static OUT_OF_LINE void planted_unbounded(uintptr_t n)
{
	char *some = __builtin_alloca(n);

	memset(some, 0, n);
	planted_sink(some);
}

static OUT_OF_LINE void planted_by_number(uintptr_t n)
{
	((step_fn *)n)(0);
}

uintptr_t planted_as_number(void)
{
	return (uintptr_t)planted_unbounded;
}

void planted_root(uintptr_t n)
{
	used->first(n);
	used->never_set(n);
	planted_unbounded(n);
	planted_mutual(n);
	planted_by_number(n);
}

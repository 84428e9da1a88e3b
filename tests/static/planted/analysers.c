/* SPDX-License-Identifier: Apache-2.0 */
/* One fault for each analyser, which has to find it here: tests/static/selftest.py. Linked into nothing. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int planted_for_gcc(unsigned int n);
bool planted_for_tidy(const char *a, const char *b);
int planted_for_cppcheck(unsigned int n);

int planted_for_gcc(unsigned int n)
{
	int *p = malloc(n);
	int v = p ? *p : 0;

	free(p);
	return v + *p;
}

bool planted_for_tidy(const char *a, const char *b)
{
	if (strcmp(a, b))
		return false;
	return true;
}

int planted_for_cppcheck(unsigned int n)
{
	int few[4] = { 0, 1, 2, 3 };

	return few[0] + few[4] + (int)n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/domain_policy.h"

#include "lib/err.h"
#include "lib/string.h"

static const char *const host_suspend_names[] = {
	[HOST_SUSPEND_FREEZE] = "freeze",
	[HOST_SUSPEND_REQUIRE] = "require",
	[HOST_SUSPEND_VETO] = "veto",
};

static const char *const time_names[] = {
	[TIME_CONTINUOUS] = "continuous",
	[TIME_FROZEN] = "frozen",
};

/* By the bit's number. */
static const char *const source_names[] = { "alarm", "console", "device", "event", "key", "command" };

_Static_assert(WAKE_ALL + 1 == 1 << ARRAY_SIZE(source_names), "a name for each");
_Static_assert(ARRAY_SIZE(host_suspend_names) == NR_HOST_SUSPEND_POLICIES, "a name for each");
_Static_assert(ARRAY_SIZE(time_names) == NR_TIME_POLICIES, "a name for each");

static int find(const char *const *names, unsigned int count, const char *name)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -EINVAL;
}

int host_suspend_policy_parse(const char *name, enum host_suspend_policy *out)
{
	int n = find(host_suspend_names, NR_HOST_SUSPEND_POLICIES, name);

	if (n < 0)
		return n;
	*out = (enum host_suspend_policy)n;
	return 0;
}

int time_policy_parse(const char *name, enum time_policy *out)
{
	int n = find(time_names, NR_TIME_POLICIES, name);

	if (n < 0)
		return n;
	*out = (enum time_policy)n;
	return 0;
}

int wake_source_parse(const char *name, enum wake_source *out)
{
	int n = find(source_names, ARRAY_SIZE(source_names), name);

	if (n < 0)
		return n;
	*out = (enum wake_source)(1 << n);
	return 0;
}

const char *wake_source_name(enum wake_source one)
{
	unsigned int n = one ? (unsigned int)__builtin_ctz((unsigned int)one) : ARRAY_SIZE(source_names);

	return n < ARRAY_SIZE(source_names) ? source_names[n] : "?";
}

const char *host_suspend_policy_name(enum host_suspend_policy policy)
{
	return (unsigned int)policy < NR_HOST_SUSPEND_POLICIES ? host_suspend_names[policy] : "?";
}

const char *time_policy_name(enum time_policy policy)
{
	return (unsigned int)policy < NR_TIME_POLICIES ? time_names[policy] : "?";
}

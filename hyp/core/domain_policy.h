/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a domain's owner may choose about its part in the machine's sleep and its own: the words of the
 * device tree properties `dormouse,host-suspend`, `dormouse,time` and `dormouse,wakeup`. Pure.
 */
#ifndef DM_CORE_DOMAIN_POLICY_H
#define DM_CORE_DOMAIN_POLICY_H

#include "abi/dormouse.h"
#include "lib/types.h"

/* A domain that runs when Dom0 puts the machine to sleep... */
enum host_suspend_policy {
	HOST_SUSPEND_FREEZE,  /* DM_HOST_SUSPEND_*: is stopped and goes on afterwards, unaware */
	HOST_SUSPEND_REQUIRE, /* forbids it: it has to have suspended itself */
	HOST_SUSPEND_VETO,    /* is asked to suspend itself; forbids it unless it does so in time */
	NR_HOST_SUSPEND_POLICIES,
};

/* The virtual counter of a domain that was stopped unawares... */
enum time_policy {
	TIME_CONTINUOUS, /* shows the sleep */
	TIME_FROZEN,     /* doesn't: it goes on from where it was */
	NR_TIME_POLICIES,
};

/* What wakes a domain that has suspended itself, and the sleeping machine for its sake. */
enum wake_source {
	WAKE_ALARM = DM_WAKE_ALARM,
	WAKE_CONSOLE = DM_WAKE_CONSOLE,
	WAKE_DEVICE = DM_WAKE_DEVICE,
	WAKE_EVENT = DM_WAKE_EVENT,
	WAKE_KEY = DM_WAKE_KEY,
	WAKE_COMMAND = DM_WAKE_COMMAND,
	WAKE_ALL = DM_WAKE_ALL,
};

/* The policy of that name: 0 and *out, or -EINVAL (and *out is as it was). */
int host_suspend_policy_parse(const char *name, enum host_suspend_policy *out);
int time_policy_parse(const char *name, enum time_policy *out);
int wake_source_parse(const char *name, enum wake_source *out);

/* "?" when out of range. */
const char *host_suspend_policy_name(enum host_suspend_policy policy);
const char *time_policy_name(enum time_policy policy);
const char *wake_source_name(enum wake_source one);

#endif

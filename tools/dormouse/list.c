// SPDX-License-Identifier: Apache-2.0
/* list, vcpu-list, domid, domname, rename: in xl's columns. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domains.h"
#include "json.h"
#include "say.h"
#include "spec.h"
#include "verbs.h"

#define NO_REASON 0xff

static const char *shown_name(const struct dm_domain *d)
{
	return d->domid == 0 ? "Domain-0" : d->name;
}

/*
 * Six letters: running, blocked, paused, shut down, why, dying. A domain that has suspended is one
 * that has shut down with that reason: so does Xen show it.
 */
void list_state_letters(const struct dm_domain *d, bool running, bool blocked, char out[7])
{
	static const char reasons[] = "-rscwS";
	bool live = d->state == DM_STATE_RUNNING || d->state == DM_STATE_BUILDING;
	bool down = d->state == DM_STATE_SHUTDOWN || d->state == DM_STATE_CRASHED ||
	            d->state == DM_STATE_SUSPENDED;
	char reason = '-';

	if (d->state == DM_STATE_SUSPENDED)
		reason = 's';
	else if (d->state == DM_STATE_CRASHED)
		reason = 'c';
	else if (down && d->shutdown_reason != NO_REASON)
		reason = d->shutdown_reason < sizeof(reasons) - 1 ? reasons[d->shutdown_reason]
		                                                  : '?';
	out[0] = live && running ? 'r' : '-';
	out[1] = live && blocked && !running ? 'b' : '-';
	out[2] = d->pause_count ? 'p' : '-';
	out[3] = down ? 's' : '-';
	out[4] = reason;
	out[5] = d->state == DM_STATE_DYING ? 'd' : '-';
	out[6] = 0;
}

/* To the nearest: Linux gives a page back for Xen's shared_info, and 160 MiB are 160 still. */
unsigned long list_mib(uint64_t pages)
{
	return (unsigned long)((pages + 128) / 256);
}

static void print_row(const struct dm_domain *d, bool verbose)
{
	struct ctl_domaininfo info = { 0 };
	char letters[7], uuid[37];

	ctl_domaininfo(d->domid, &info);
	list_state_letters(d, info.running, info.blocked, letters);
	printf("%-40s %5u %5lu %5u     %s  %8.1f", shown_name(d), d->domid, list_mib(d->tot_pages),
	       d->nr_online, letters, (double)d->cpu_time_ns / 1e9);
	if (verbose) {
		spec_uuid_text(info.uuid, uuid);
		printf(" %s ", uuid);
		if (d->shutdown_reason == NO_REASON)
			printf(" %8s", "-");
		else
			printf(" %8x", d->shutdown_reason);
		printf(" %16s", "-");
	}
	putchar('\n');
}

static void json_wake(struct json *j, const struct dm_domain *d)
{
	json_array(j, "wake_sources");
	for (int i = 0; spec_wake_words[i]; i++) {
		if (d->wake_sources & (1u << i))
			json_string(j, NULL, spec_wake_words[i]);
	}
	json_array_end(j);
	json_object(j, "last_wake");
	for (int i = 0; spec_wake_words[i]; i++) {
		if (d->last_wake & (1u << i))
			json_string(j, "source", spec_wake_words[i]);
	}
	if (d->last_wake) {
		char device[sizeof(d->last_wake_name) + 1] = { 0 };

		memcpy(device, d->last_wake_name, sizeof(d->last_wake_name));
		json_string(j, "device", device);
		if (d->last_wake_id != UINT32_MAX)
			json_uint(j, "id", d->last_wake_id);
		json_bool(j, "slept", d->flags & DM_DOMAIN_SLEPT);
	}
	json_object_end(j);
}

static void json_domain(struct json *j, const struct dm_domain *d)
{
	struct ctl_domaininfo info = { 0 };
	char letters[7], uuid[37];

	ctl_domaininfo(d->domid, &info);
	list_state_letters(d, info.running, info.blocked, letters);
	spec_uuid_text(info.uuid, uuid);
	json_object(j, NULL);
	json_uint(j, "domid", d->domid);
	json_string(j, "name", shown_name(d));
	json_string(j, "uuid", uuid);
	json_string(j, "state", domain_state_text(d));
	json_string(j, "letters", letters);
	json_uint(j, "pause_count", d->pause_count);
	if (d->shutdown_reason == NO_REASON)
		json_null(j, "shutdown_reason");
	else
		json_uint(j, "shutdown_reason", d->shutdown_reason);
	json_uint(j, "memory_kib", d->tot_pages * 4);
	json_uint(j, "max_memory_kib", d->max_pages * 4);
	json_uint(j, "vcpus", d->nr_vcpus);
	json_uint(j, "vcpus_online", d->nr_online);
	json_seconds(j, "cpu_time_s", d->cpu_time_ns);
	json_uint(j, "weight", d->weight);
	json_uint(j, "cap", d->cap);
	json_uint(j, "suspends", d->suspends);
	if (d->host_suspend < DM_NR_HOST_SUSPENDS)
		json_string(j, "host_suspend", spec_host_suspend_words[d->host_suspend]);
	if (d->time < DM_NR_TIMES)
		json_string(j, "time", spec_time_words[d->time]);
	json_wake(j, d);
	json_object_end(j);
}

/* The domains that are meant by the words, or all. The count, or -1 after a message. */
static int chosen(const struct args *a, struct dm_domain **out)
{
	int n;

	if (a->nr_words == 0) {
		n = domains_read(out);
		if (n < 0)
			say_error("can't read the list of domains: %s", say_errno(n));
		return n < 0 ? -1 : n;
	}
	*out = xcalloc((size_t)a->nr_words, sizeof((*out)[0]));
	for (n = 0; n < a->nr_words; n++) {
		if (!domain_find(a->words[n], &(*out)[n])) {
			free(*out);
			return -1;
		}
	}
	return n;
}

int verb_list(const struct args *a)
{
	bool verbose = a->opt['v'], as_json = a->opt[OPT_JSON] || a->opt['l'];
	struct dm_domain *all;
	struct json j;
	int n = chosen(a, &all);

	if (n < 0)
		return STATUS_FAIL;
	json_begin(&j, stdout);
	if (as_json)
		json_array(&j, NULL);
	else
		printf("%-40s %5s %5s %5s\tState\tTime(s)%s\n", "Name", "ID", "Mem", "VCPUs",
		       verbose ? "   UUID                            Reason-Code\tSecurity Label"
		               : "");
	for (int i = 0; i < n; i++) {
		if (as_json)
			json_domain(&j, &all[i]);
		else
			print_row(&all[i], verbose);
	}
	if (as_json) {
		json_array_end(&j);
		json_end(&j);
	}
	free(all);
	return STATUS_OK;
}

/* --- vcpu-list --------------------------------------------------------------------------- */

void list_cpus(uint64_t mask, uint64_t host, char *out, size_t size)
{
	size_t at = 0;

	if ((mask & host) == host) {
		snprintf(out, size, "all");
		return;
	}
	out[0] = 0;
	for (unsigned int first = 0; first < 64; first++) {
		unsigned int last = first;

		if (!(mask >> first & 1))
			continue;
		while (last < 63 && mask >> (last + 1) & 1)
			last++;
		at += (size_t)snprintf(out + at, at < size ? size - at : 0,
		                       last > first ? "%s%u-%u" : "%s%u", at ? "," : "", first,
		                       last);
		first = last;
	}
}

static void print_vcpu(const struct dm_domain *d, unsigned int n, const struct ctl_vcpu *v,
                       const char *cpus)
{
	printf("%-32s %5u %5u", shown_name(d), d->domid, n);
	if (v->online)
		printf(" %5u   %c%c-", v->cpu, v->running ? 'r' : '-',
		       v->blocked && !v->running ? 'b' : '-');
	else
		printf(" %5s   %s", "-", "--p");
	printf(" %9.1f  %s / all\n", (double)v->cpu_time_ns / 1e9, cpus);
}

static void json_vcpu(struct json *j, const struct dm_domain *d, unsigned int n,
                      const struct ctl_vcpu *v, const char *cpus)
{
	json_object(j, NULL);
	json_string(j, "name", shown_name(d));
	json_uint(j, "domid", d->domid);
	json_uint(j, "vcpu", n);
	json_bool(j, "online", v->online);
	json_bool(j, "running", v->running);
	json_bool(j, "blocked", v->blocked);
	if (v->online)
		json_uint(j, "cpu", v->cpu);
	else
		json_null(j, "cpu");
	json_seconds(j, "cpu_time_s", v->cpu_time_ns);
	json_string(j, "affinity", cpus);
	json_object_end(j);
}

uint64_t list_host_cpus(void)
{
	struct ctl_host host;

	if (ctl_host(&host) < 0 || host.nr_cpus == 0 || host.nr_cpus >= 64)
		return UINT64_MAX;
	return (UINT64_C(1) << host.nr_cpus) - 1;
}

int verb_vcpu_list(const struct args *a)
{
	uint64_t host = list_host_cpus();
	struct dm_domain *all;
	struct ctl_vcpu v;
	struct json j;
	char cpus[160];
	int n = chosen(a, &all), err = 0;

	if (n < 0)
		return STATUS_FAIL;
	json_begin(&j, stdout);
	if (a->opt[OPT_JSON])
		json_array(&j, NULL);
	else
		printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State",
		       "Time(s)", "Affinity (Hard / Soft)");
	for (int i = 0; i < n; i++) {
		for (unsigned int c = 0; c < all[i].nr_vcpus; c++) {
			err = ctl_vcpu(all[i].domid, c, &v);
			if (err == -ESRCH)
				break; /* destroyed meanwhile */
			list_cpus(v.affinity, host, cpus, sizeof(cpus));
			if (err == 0 && a->opt[OPT_JSON])
				json_vcpu(&j, &all[i], c, &v, cpus);
			else if (err == 0)
				print_vcpu(&all[i], c, &v, cpus);
			else
				domain_failed(&all[i], "can't read about its vCPUs", err);
		}
	}
	if (a->opt[OPT_JSON]) {
		json_array_end(&j);
		json_end(&j);
	}
	free(all);
	return err && err != -ESRCH ? STATUS_FAIL : STATUS_OK;
}

/* --- names ------------------------------------------------------------------------------- */

int verb_domid(const struct args *a)
{
	struct dm_domain d;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	printf("%u\n", d.domid);
	return STATUS_OK;
}

int verb_domname(const struct args *a)
{
	struct dm_domain d;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	puts(shown_name(&d));
	return STATUS_OK;
}

int verb_rename(const struct args *a)
{
	const char *why = spec_bad_name(a->words[1]);
	struct dm_domain d;
	int err;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	if (why) {
		say_error("\"%s\" can't be a domain's name: %s", a->words[1], why);
		return STATUS_FAIL;
	}
	err = ctl_set_name(d.domid, a->words[1]);
	if (err == -EEXIST)
		return domain_failed(&d, "can't rename it: another domain has that name", 0);
	return err ? domain_failed(&d, "can't rename it", err) : STATUS_OK;
}

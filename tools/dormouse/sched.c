// SPDX-License-Identifier: Apache-2.0
/* sched (xl's sched-credit2), vcpu-pin. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domains.h"
#include "json.h"
#include "say.h"
#include "verbs.h"

static void print_sched(const struct dm_domain *d)
{
	printf("%-33s %4u %6u %4u\n", d->domid == 0 ? "Domain-0" : d->name, d->domid, d->weight,
	       d->cap);
}

static int sched_list(const struct args *a, const struct dm_domain *one)
{
	struct dm_domain *all = NULL;
	int n = one ? 1 : domains_read(&all);
	struct json j;

	if (n < 0) {
		say_error("can't read the list of domains: %s", say_errno(n));
		return STATUS_FAIL;
	}
	json_begin(&j, stdout);
	if (a->opt[OPT_JSON])
		json_array(&j, NULL);
	else
		printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
	for (int i = 0; i < n; i++) {
		const struct dm_domain *d = one ? one : &all[i];

		if (!a->opt[OPT_JSON]) {
			print_sched(d);
			continue;
		}
		json_object(&j, NULL);
		json_string(&j, "name", d->name);
		json_uint(&j, "domid", d->domid);
		json_uint(&j, "weight", d->weight);
		json_uint(&j, "cap", d->cap);
		json_object_end(&j);
	}
	if (a->opt[OPT_JSON]) {
		json_array_end(&j);
		json_end(&j);
	}
	free(all);
	return STATUS_OK;
}

static bool number_option(const struct args *a, char letter, const char *what, uint64_t min,
                          uint64_t max, unsigned int *out)
{
	uint64_t value;

	if (!a->opt[(unsigned char)letter])
		return true;
	if (!parse_u64(a->opt[(unsigned char)letter], max, &value) || value < min) {
		say_error("\"%s\" is no %s; it is a number from %llu to %llu",
		          a->opt[(unsigned char)letter], what, (unsigned long long)min,
		          (unsigned long long)max);
		return false;
	}
	*out = (unsigned int)value;
	return true;
}

int verb_sched(const struct args *a)
{
	const char *word = a->opt['d'] ? a->opt['d'] : a->nr_words ? a->words[0] : NULL;
	unsigned int weight = 0, cap = 0;
	struct dm_domain d;
	int err;

	if (!number_option(a, 'w', "weight", 1, 65535, &weight) ||
	    !number_option(a, 'c', "cap (percent of one CPU, 0: none)", 0, 65535, &cap))
		return STATUS_USAGE;
	if (!word) {
		if (!a->opt['w'] && !a->opt['c'])
			return sched_list(a, NULL);
		say_error("which domain is it to be set for?");
		return STATUS_USAGE;
	}
	if (!domain_find(word, &d))
		return STATUS_FAIL;
	if (!a->opt['w'] && !a->opt['c'])
		return sched_list(a, &d);
	err = ctl_sched_set(d.domid, a->opt['w'] ? weight : d.weight, a->opt['c'] ? cap : d.cap);
	return err ? domain_failed(&d, "can't set its weight and cap", err) : STATUS_OK;
}

int verb_vcpu_pin(const struct args *a)
{
	uint64_t mask, first, last, host = list_host_cpus();
	const char *why = NULL;
	struct dm_domain d;
	int err;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	if (strcmp(a->words[1], "all") == 0) {
		first = 0;
		last = d.nr_vcpus;
	} else if (parse_u64(a->words[1], d.nr_vcpus - 1, &first)) {
		last = first + 1;
	} else {
		say_error("domain %s has no vCPU \"%s\"; it has %u, from 0 on, or write all",
		          d.name, a->words[1], d.nr_vcpus);
		return STATUS_FAIL;
	}
	if (strcmp(a->words[2], "-") == 0) {
		say_error("only the hard affinity can be set, and \"-\" leaves it as it is");
		return STATUS_FAIL;
	}
	if (!parse_cpus(a->words[2], &mask, &why)) {
		say_error("\"%s\": %s", a->words[2], why);
		return STATUS_FAIL;
	}
	if (a->nr_words > 3 && strcmp(a->words[3], "-") != 0 && strcmp(a->words[3], "all") != 0)
		say_warning("there is no soft affinity here; \"%s\" is ignored", a->words[3]);
	if (!(mask & host)) {
		say_error("the machine has none of the CPUs \"%s\"; `%s info` says how many there "
		          "are",
		          a->words[2], program_name);
		return STATUS_FAIL;
	}
	for (; first < last; first++) {
		err = ctl_set_affinity(d.domid, (unsigned int)first, mask);
		if (err)
			return domain_failed(&d, "can't pin its vCPUs", err);
	}
	return STATUS_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* blockers, wakeup, policy: what may sleep and what may wake. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domains.h"
#include "json.h"
#include "say.h"
#include "spec.h"
#include "table.h"
#include "verbs.h"

/* --- blockers ---------------------------------------------------------------------------- */

int verb_blockers(const struct args *a)
{
	struct dm_blocker b[8];
	uint64_t cursor = 0;
	struct table t;
	struct json j;
	int n, total = 0;

	json_begin(&j, stdout);
	if (a->opt[OPT_JSON])
		json_array(&j, NULL);
	table_begin(&t, "lrl", "Name|ID|Why the machine can't sleep now");
	while ((n = ctl_blockers(&cursor, b, ARRAY_SIZE(b))) > 0) {
		for (int i = 0; i < n; i++) {
			b[i].name[sizeof(b[i].name) - 1] = 0;
			b[i].reason[sizeof(b[i].reason) - 1] = 0;
			table_cell(&t, "%s", b[i].name);
			if (b[i].domid == DM_DOMID_NONE)
				table_cell(&t, "-");
			else
				table_cell(&t, "%u", b[i].domid);
			table_cell(&t, "%s", b[i].reason);
			if (!a->opt[OPT_JSON])
				continue;
			json_object(&j, NULL);
			json_string(&j, "name", b[i].name);
			if (b[i].domid == DM_DOMID_NONE)
				json_null(&j, "domid");
			else
				json_uint(&j, "domid", b[i].domid);
			json_string(&j, "reason", b[i].reason);
			json_object_end(&j);
		}
		total += n;
	}
	if (a->opt[OPT_JSON]) {
		json_array_end(&j);
		json_end(&j);
	}
	if (n == 0 && total == 0 && !a->opt[OPT_JSON])
		puts("Nothing: the machine may sleep.");
	table_end(&t, a->opt[OPT_JSON] || total == 0 ? NULL : stdout);
	if (n == 0)
		return STATUS_OK;
	say_error("can't ask what stands against sleep: %s", say_errno(n));
	return STATUS_FAIL;
}

/* --- wakeup ------------------------------------------------------------------------------ */

static char *sources_text(uint32_t sources)
{
	char *text = xstrdup("");

	for (int i = 0; spec_wake_words[i]; i++) {
		if (sources & (1u << i)) {
			char *longer =
			        xformat("%s%s%s", text, *text ? " " : "", spec_wake_words[i]);

			free(text);
			text = longer;
		}
	}
	return text;
}

static void json_sources(struct json *j, const char *key, uint32_t sources)
{
	json_array(j, key);
	for (int i = 0; spec_wake_words[i]; i++) {
		if (sources & (1u << i))
			json_string(j, NULL, spec_wake_words[i]);
	}
	json_array_end(j);
}

static char *last_wake_text(const struct dm_domain *d)
{
	char *source = sources_text(d->last_wake), *text;
	int max = (int)sizeof(d->last_wake_name);

	if (!d->last_wake)
		text = xstrdup("-");
	else if (d->last_wake_id == UINT32_MAX)
		text = xstrdup(source);
	else
		text = xformat("%s %u%s%.*s%s", source, d->last_wake_id,
		               d->last_wake_name[0] ? " (" : "", max, d->last_wake_name,
		               d->last_wake_name[0] ? ")" : "");
	free(source);
	return text;
}

static void wakeup_row(struct table *t, struct json *j, bool as_json, const struct dm_domain *d)
{
	char *on = sources_text(d->wake_sources),
	     *off = sources_text(DM_WAKE_ALL & ~d->wake_sources);
	char *last = last_wake_text(d);

	if (as_json) {
		json_object(j, NULL);
		json_string(j, "name", d->name);
		json_uint(j, "domid", d->domid);
		json_sources(j, "enabled", d->wake_sources);
		json_sources(j, "disabled", DM_WAKE_ALL & ~d->wake_sources);
		json_string(j, "last_wake", d->last_wake ? last : NULL);
		json_object_end(j);
	} else {
		table_cell(t, "%s", d->name);
		table_cell(t, "%u", d->domid);
		table_cell(t, "%s", domain_state_text(d));
		table_cell(t, "%s", *on ? on : "-");
		table_cell(t, "%s", *off ? off : "-");
		table_cell(t, "%s", last);
	}
	free(on);
	free(off);
	free(last);
}

static int wakeup_list(const struct args *a)
{
	struct dm_domain *all, one;
	struct table t;
	struct json j;
	int n = 1;

	if (a->nr_words > 1) {
		if (!domain_find(a->words[1], &one))
			return STATUS_FAIL;
		all = &one;
	} else {
		n = domains_read(&all);
	}
	if (n < 0) {
		say_error("can't read the list of domains: %s", say_errno(n));
		return STATUS_FAIL;
	}
	table_begin(&t, "lrllll", "Name|ID|State|May wake it|May not|Woken last by");
	json_begin(&j, stdout);
	if (a->opt[OPT_JSON])
		json_array(&j, NULL);
	for (int i = 0; i < n; i++) {
		if (all[i].domid != 0 || all == &one)
			wakeup_row(&t, &j, a->opt[OPT_JSON], &all[i]);
	}
	if (a->opt[OPT_JSON]) {
		json_array_end(&j);
		json_end(&j);
	}
	table_end(&t, a->opt[OPT_JSON] ? NULL : stdout);
	if (all != &one)
		free(all);
	return STATUS_OK;
}

/* The bits of the words from `from` on; false after a message. */
static bool sources_of(const struct args *a, int from, uint32_t *sources)
{
	char *list;

	*sources = 0;
	for (int i = from; i < a->nr_words; i++) {
		int bit = spec_word(spec_wake_words, a->words[i]);

		if (strcmp(a->words[i], "all") == 0) {
			*sources = DM_WAKE_ALL;
		} else if (bit >= 0) {
			*sources |= 1u << bit;
		} else {
			list = spec_word_list(spec_wake_words, ", ");
			say_error("there is no wake-up source \"%s\"; there are %s and all",
			          a->words[i], list);
			free(list);
			return false;
		}
	}
	return true;
}

static int wakeup_switch(const struct args *a, bool on)
{
	struct dm_op_wakeup op = { 0 };
	struct dm_domain d;
	int err;

	if (a->nr_words < 3) {
		say_error("which domain and which source? Usage: %s wakeup %s DOMAIN SOURCE...",
		          program_name, on ? "enable" : "disable");
		return STATUS_USAGE;
	}
	if (!sources_of(a, 2, &op.change))
		return STATUS_USAGE;
	if (!domain_find(a->words[1], &d))
		return STATUS_FAIL;
	op.domid = d.domid;
	op.sources = on ? op.change : 0;
	err = ctl_wakeup(&op);
	if (err == -EOPNOTSUPP)
		return domain_failed(&d,
		                     "Dom0's wake-up sources are Linux's own: see "
		                     "/sys/devices/.../power/wakeup",
		                     0);
	return err ? domain_failed(&d, "can't switch its wake-up sources", err) : STATUS_OK;
}

int verb_wakeup(const struct args *a)
{
	const char *what = a->nr_words ? a->words[0] : "list";

	if (strcmp(what, "list") == 0)
		return wakeup_list(a);
	if (strcmp(what, "enable") == 0)
		return wakeup_switch(a, true);
	if (strcmp(what, "disable") == 0)
		return wakeup_switch(a, false);
	say_error("wakeup can list, enable and disable, but not \"%s\"", what);
	return STATUS_USAGE;
}

/* --- policy ------------------------------------------------------------------------------ */

static bool set_word(const char *key, const char *value, const char *const words[], uint32_t *to)
{
	int n = spec_word(words, value);
	char *list;

	if (n >= 0) {
		*to = (uint32_t)n;
		return true;
	}
	list = spec_word_list(words, " or ");
	say_error("%s can't be \"%s\"; it is %s", key, value, list);
	free(list);
	return false;
}

static bool set_policy(struct dm_op_policy *op, const char *word)
{
	const char *value = strchr(word, '=');
	size_t n = value ? (size_t)(value - word) : 0;
	uint64_t ms;

	if (value && n == 12 &&
	    (strncmp(word, "host_suspend", n) == 0 || strncmp(word, "host-suspend", n) == 0)) {
		op->set |= DM_POLICY_HOST_SUSPEND;
		return set_word("host_suspend", value + 1, spec_host_suspend_words,
		                &op->host_suspend);
	}
	if (value && n == 4 && strncmp(word, "time", n) == 0) {
		op->set |= DM_POLICY_TIME;
		return set_word("time", value + 1, spec_time_words, &op->time);
	}
	if (value && n == 7 &&
	    (strncmp(word, "veto_ms", n) == 0 || strncmp(word, "veto-ms", n) == 0)) {
		op->set |= DM_POLICY_VETO_MS;
		if (parse_u64(value + 1, 600000, &ms) && ms > 0) {
			op->veto_ms = (uint32_t)ms;
			return true;
		}
		say_error("veto_ms is a number from 1 to 600000, not \"%s\"", value + 1);
		return false;
	}
	say_error("\"%s\" is no policy; write host_suspend=WORD, time=WORD or veto_ms=N", word);
	return false;
}

static void policy_row(struct table *t, struct json *j, bool as_json, const struct dm_domain *d,
                       const struct dm_op_policy *op)
{
	const char *suspend = op->host_suspend < DM_NR_HOST_SUSPENDS
	                              ? spec_host_suspend_words[op->host_suspend]
	                              : "?";
	const char *time = op->time < DM_NR_TIMES ? spec_time_words[op->time] : "?";

	if (as_json) {
		json_object(j, NULL);
		json_string(j, "name", d->name);
		json_uint(j, "domid", d->domid);
		json_string(j, "host_suspend", suspend);
		json_string(j, "time", time);
		json_uint(j, "veto_ms", op->veto_ms);
		json_object_end(j);
		return;
	}
	table_cell(t, "%s", d->name);
	table_cell(t, "%u", d->domid);
	table_cell(t, "%s", suspend);
	table_cell(t, "%s", time);
	table_cell(t, "%u", op->veto_ms);
}

static int policy_list(const struct args *a)
{
	struct dm_domain *all, one;
	struct table t;
	struct json j;
	int n = 1;

	if (a->nr_words) {
		if (!domain_find(a->words[0], &one))
			return STATUS_FAIL;
		all = &one;
	} else {
		n = domains_read(&all);
	}
	if (n < 0) {
		say_error("can't read the list of domains: %s", say_errno(n));
		return STATUS_FAIL;
	}
	table_begin(&t, "lrllr", "Name|ID|Host suspend|Time|Veto (ms)");
	json_begin(&j, stdout);
	if (a->opt[OPT_JSON])
		json_array(&j, NULL);
	for (int i = 0; i < n; i++) {
		struct dm_op_policy op = { .domid = all[i].domid };

		/* Dom0 has none; a domain may have gone meanwhile. */
		if (ctl_policy(&op) == 0)
			policy_row(&t, &j, a->opt[OPT_JSON], &all[i], &op);
	}
	if (a->opt[OPT_JSON]) {
		json_array_end(&j);
		json_end(&j);
	}
	table_end(&t, a->opt[OPT_JSON] ? NULL : stdout);
	if (all != &one)
		free(all);
	return STATUS_OK;
}

int verb_policy(const struct args *a)
{
	struct dm_op_policy op = { 0 };
	struct dm_domain d;
	int err;

	if (a->nr_words < 2)
		return policy_list(a);
	for (int i = 1; i < a->nr_words; i++) {
		if (!set_policy(&op, a->words[i]))
			return STATUS_USAGE;
	}
	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	op.domid = d.domid;
	err = ctl_policy(&op);
	if (err == -EOPNOTSUPP)
		return domain_failed(&d,
		                     "Dom0 has no such policies: it is who puts the machine to "
		                     "sleep",
		                     0);
	return err ? domain_failed(&d, "can't set its policy", err) : STATUS_OK;
}

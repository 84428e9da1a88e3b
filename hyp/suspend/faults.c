/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/faults.h"

#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "suspend/engine.h"
#include "suspend/journal.h"

static const struct fault_kind_info {
	const char *name;
	bool phase; /* its target is a phase, not a step */
	bool ms;    /* a number follows the target */
} kinds[] = {
	[FAULT_FAIL] = { .name = "fail" },
	[FAULT_FAIL_RESUME] = { .name = "fail-resume" },
	[FAULT_FAIL_UNDO] = { .name = "fail-undo" },
	[FAULT_STOP] = { .name = "stop", .phase = true },
	[FAULT_SLOW] = { .name = "slow", .ms = true },
	[FAULT_HANG] = { .name = "hang" },
	[FAULT_HANG_RESUME] = { .name = "hang-resume" },
};

_Static_assert(ARRAY_SIZE(kinds) == NR_FAULT_KINDS, "each kind of fault has a name");

struct word {
	const char *text;
	size_t len;
};

static bool is(struct word w, const char *name)
{
	return strlen(name) == w.len && !strncmp(w.text, name, w.len);
}

/* Cuts the word up to the first of `stops` (or the end) off *text; the stop itself stays. */
static struct word cut(const char **text, const char *stops)
{
	struct word w = { .text = *text };

	while ((*text)[w.len] && !strchr(stops, (*text)[w.len]))
		w.len++;
	*text += w.len;
	return w;
}

/* Digits only, at most max. */
static bool number(struct word w, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;

	if (!w.len)
		return false;
	for (size_t i = 0; i < w.len; i++) {
		if (w.text[i] < '0' || w.text[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(w.text[i] - '0');
		if (n > max)
			return false;
	}
	*out = (uint32_t)n;
	return true;
}

static bool find_kind(struct word w, enum fault_kind *out)
{
	for (unsigned int i = 0; i < NR_FAULT_KINDS; i++) {
		if (is(w, kinds[i].name)) {
			*out = i;
			return true;
		}
	}
	log_err("debug-power: \"%.*s\" is none of fail, fail-resume, fail-undo, stop, slow, "
	        "hang, hang-resume",
	        (int)w.len, w.text);
	return false;
}

static bool find_phase(struct word w, unsigned int *out)
{
	for (unsigned int i = 0; i < DM_PHASE_COMMIT; i++) {
		if (is(w, journal_phase_name(i))) {
			*out = i;
			return true;
		}
	}
	log_err("debug-power: phase \"%.*s\" is none of check, freeze, cpus, devices, core",
	        (int)w.len, w.text);
	return false;
}

static bool find_step(struct word w, const struct suspend_step *steps, unsigned int count,
                      unsigned int *out)
{
	char names[256];
	size_t at = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (is(w, steps[i].name)) {
			*out = i;
			return true;
		}
	}
	names[0] = '\0';
	for (unsigned int i = 0; i < count && at < sizeof(names); i++) {
		at += str_copy(names + at, i ? " " : "", sizeof(names) - at);
		if (at < sizeof(names))
			at += str_copy(names + at, steps[i].name, sizeof(names) - at);
	}
	log_err("debug-power: step \"%.*s\" is none of %s", (int)w.len, w.text, names);
	return false;
}

/* Behind the target: [":" MS] ["@" CYCLE]. */
static bool parse_tail(const char **text, struct fault *f)
{
	f->cycle = FAULT_ONCE;
	if (kinds[f->kind].ms) {
		if (**text != ':')
			return false;
		++*text;
		if (!number(cut(text, ",@:"), FAULT_MAX_MS, &f->ms) || !f->ms)
			return false;
	}
	if (**text == '@') {
		struct word w;

		++*text;
		w = cut(text, ",@:");
		if (is(w, "all"))
			f->cycle = FAULT_ALL;
		else if (!number(w, FAULT_ALL - 1, &f->cycle) || !f->cycle)
			return false;
	}
	return !**text || **text == ',';
}

static bool parse_one(const char **text, const struct suspend_step *steps, unsigned int count,
                      struct fault *f)
{
	const char *start = *text;
	struct word target;

	if (!find_kind(cut(text, ":,@"), &f->kind))
		return false;
	if (**text == ':')
		++*text;
	target = cut(text, ":,@");
	if (kinds[f->kind].phase ? !find_phase(target, &f->target)
	                         : !find_step(target, steps, count, &f->target))
		return false;
	if (!parse_tail(text, f)) {
		log_err("debug-power: \"%s\" is not %s:%s%s[@CYCLE|@all]", start,
		        kinds[f->kind].name, kinds[f->kind].phase ? "PHASE" : "STEP",
		        kinds[f->kind].ms ? ":MS (1 to 60000)" : "");
		return false;
	}
	return true;
}

static int parse(const char *text, const struct suspend_step *steps, unsigned int count,
                 struct fault_plan *plan)
{
	while (*text) {
		struct fault f = { .spent = false };

		if (!parse_one(&text, steps, count, &f))
			return -EINVAL;
		if (plan->count == FAULTS_MAX) {
			log_err("debug-power: more than %d faults", FAULTS_MAX);
			return -ENOSPC;
		}
		plan->faults[plan->count++] = f;
		if (*text == ',')
			text++;
	}
	return 0;
}

int faults_parse(const char *text, const struct suspend_step *steps, unsigned int count,
                 struct fault_plan *plan)
{
	int error;

	memset(plan, 0, sizeof(*plan));
	error = parse(text, steps, count, plan);
	if (error)
		plan->count = 0;
	return error;
}

uint32_t fault_due(struct fault_plan *plan, enum fault_kind kind, unsigned int target,
                   uint32_t cycle)
{
	if (plan && kind == FAULT_STOP && plan->stop_now == target + 1)
		return 1;
	for (unsigned int i = 0; plan && i < plan->count; i++) {
		struct fault *f = &plan->faults[i];

		if (f->kind != kind || f->target != target || f->spent)
			continue;
		if (f->cycle != FAULT_ONCE && f->cycle != FAULT_ALL && f->cycle != cycle)
			continue;
		/* A slow row is slow in both directions of its one cycle. */
		if (f->cycle == FAULT_ONCE) {
			if (kind == FAULT_SLOW)
				f->cycle = cycle;
			else
				f->spent = true;
		}
		return kind == FAULT_SLOW ? f->ms : 1;
	}
	return 0;
}

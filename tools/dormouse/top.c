// SPDX-License-Identifier: Apache-2.0
/* top: who uses the CPUs, refreshed in place. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "domains.h"
#include "json.h"
#include "say.h"
#include "table.h"
#include "verbs.h"

struct sample {
	struct dm_op_info info;
	struct dm_domain *domains;
	int n;
};

static struct termios saved;
static bool is_raw;
static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static void restore(void)
{
	if (!is_raw)
		return;
	is_raw = false;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	/* The cursor again. */
	fputs("\033[?25h", stdout);
	fflush(stdout);
}

static void make_raw(void)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved) < 0)
		return;
	raw = saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	atexit(restore);
	fputs("\033[?25l\033[2J", stdout);
}

static int take(struct sample *s)
{
	int err = ctl_info(&s->info);

	if (err)
		return err;
	s->n = domains_read(&s->domains);
	return s->n < 0 ? s->n : 0;
}

static const struct dm_domain *same(const struct sample *s, const struct dm_domain *d)
{
	for (int i = 0; s && i < s->n; i++) {
		if (s->domains[i].domid == d->domid && s->domains[i].cpu_time_ns <= d->cpu_time_ns)
			return &s->domains[i];
	}
	return NULL;
}

/* Between the two samples, or since the domain's start if there is no other. */
struct rates {
	double percent, wakes;
};

static struct rates rates_of(const struct sample *before, const struct sample *now,
                             const struct dm_domain *d)
{
	const struct dm_domain *old = same(before, d);
	double ns;

	if (!old || now->info.now_ns <= before->info.now_ns)
		return (struct rates) { 0 };
	ns = (double)(now->info.now_ns - before->info.now_ns);
	return (struct rates) {
		.percent = (double)(d->cpu_time_ns - old->cpu_time_ns) * 100 / ns,
		.wakes = (double)(d->wakeups - old->wakeups) * 1e9 / ns,
	};
}

static void print_text(const struct sample *before, const struct sample *now)
{
	struct table t;
	double busy = 0;

	table_begin(&t, "rllrrrrrrrr",
	            "ID|Name|State|VCPUs|CPU (%)|CPU (s)|Wakes/s|Mem (MiB)|Weight|Cap|Suspends");
	for (int i = 0; i < now->n; i++) {
		const struct dm_domain *d = &now->domains[i];
		struct rates r = rates_of(before, now, d);

		busy += r.percent;
		table_cell(&t, "%u", d->domid);
		table_cell(&t, "%s", d->domid ? d->name : "Domain-0");
		table_cell(&t, "%s", domain_state_text(d));
		table_cell(&t, "%u", d->nr_online);
		table_cell(&t, "%.1f", r.percent);
		table_cell(&t, "%.1f", (double)d->cpu_time_ns / 1e9);
		table_cell(&t, "%.0f", r.wakes);
		table_cell(&t, "%lu", list_mib(d->tot_pages));
		table_cell(&t, "%u", d->weight);
		table_cell(&t, "%u", d->cap);
		table_cell(&t, "%u", d->suspends);
	}
	printf("dormouse %.*s, up %.0f s, %u CPUs %.1f%% busy, %d domains, %u sleeps\n\n",
	       (int)sizeof(now->info.version), now->info.version, (double)now->info.now_ns / 1e9,
	       now->info.nr_cpus, now->info.nr_cpus ? busy / now->info.nr_cpus : 0, now->n,
	       now->info.sleeps[DM_OUTCOME_SLEPT]);
	table_end(&t, stdout);
}

static void print_json(const struct sample *before, const struct sample *now)
{
	struct json j;

	json_begin(&j, stdout);
	json_object(&j, NULL);
	json_uint(&j, "now_ns", now->info.now_ns);
	json_uint(&j, "nr_cpus", now->info.nr_cpus);
	json_array(&j, "domains");
	for (int i = 0; i < now->n; i++) {
		const struct dm_domain *d = &now->domains[i];
		struct rates r = rates_of(before, now, d);

		json_object(&j, NULL);
		json_uint(&j, "domid", d->domid);
		json_string(&j, "name", d->domid ? d->name : "Domain-0");
		json_string(&j, "state", domain_state_text(d));
		json_uint(&j, "cpu_permille", (uint64_t)(r.percent * 10 + 0.5));
		json_seconds(&j, "cpu_time_s", d->cpu_time_ns);
		json_uint(&j, "wakeups", d->wakeups);
		json_uint(&j, "wakeups_per_s", (uint64_t)(r.wakes + 0.5));
		json_uint(&j, "memory_kib", d->tot_pages * 4);
		json_uint(&j, "suspends", d->suspends);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	json_end(&j);
}

/* False when the user has had enough. */
static bool wait_for(uint64_t ms)
{
	struct pollfd fd = { .fd = is_raw ? STDIN_FILENO : -1, .events = POLLIN };
	char key;

	if (poll(&fd, 1, (int)ms) > 0)
		return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q';
	return !stopped;
}

static int loop(uint64_t delay_ms, uint64_t turns, bool in_place, bool as_json)
{
	struct sample before = { .domains = NULL }, now;
	int err = take(&before);

	if (err)
		return err;
	/* The first figures need a second sample; not a long wait for it. */
	for (uint64_t i = 0; i < turns && !stopped; i++) {
		if (!wait_for(i == 0 && delay_ms > 500 ? 500 : delay_ms))
			break;
		err = take(&now);
		if (err)
			break;
		if (in_place)
			fputs("\033[H\033[J", stdout);
		else if (i && !as_json)
			putchar('\n');
		if (as_json)
			print_json(&before, &now);
		else
			print_text(&before, &now);
		if (in_place)
			fputs("\nq ends\n", stdout);
		fflush(stdout);
		free(before.domains);
		before = now;
	}
	free(before.domains);
	return err;
}

int verb_top(const struct args *a)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const char *count = a->opt['n'] ? a->opt['n'] : a->opt['i'];
	bool in_place = isatty(STDOUT_FILENO) && !a->opt['b'] && !a->opt[OPT_JSON];
	uint64_t delay_ms = 2000, turns = in_place ? UINT64_MAX : 1;
	int err;

	if (a->opt['d'] &&
	    (!parse_duration(a->opt['d'], &delay_ms) || delay_ms < 10 || delay_ms > 3600000)) {
		say_error("\"%s\" is no delay; write seconds, or 500ms", a->opt['d']);
		return STATUS_USAGE;
	}
	if (count && (!parse_u64(count, UINT32_MAX, &turns) || turns == 0)) {
		say_error("\"%s\" is no number of turns", count);
		return STATUS_USAGE;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (in_place)
		make_raw();
	err = loop(delay_ms, turns, in_place, a->opt[OPT_JSON]);
	restore();
	if (!err)
		return STATUS_OK;
	say_error("can't read about the domains: %s", say_errno(err));
	return STATUS_FAIL;
}

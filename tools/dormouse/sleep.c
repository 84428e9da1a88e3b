// SPDX-License-Identifier: Apache-2.0
/* sleep, ready: Dom0 puts the machine to sleep. */
#include "sleep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domains.h"
#include "journal.h"
#include "say.h"
#include "spec.h"
#include "verbs.h"

#define STATE        "/sys/power/state"
#define MEM_SLEEP    "/sys/power/mem_sleep"
#define WAKEUP_COUNT "/sys/power/wakeup_count"
#define RTC          "/sys/class/rtc/rtc0/wakealarm"
#define COUNT_WAIT_S 10 /* reading the count waits for events that are still being handled */
#define TRIES        5

const char *sleep_root = "";

/* --- files of /sys ----------------------------------------------------------------------- */

/* Bytes read, or -errno. */
static int read_file(const char *path, char *buf, size_t size)
{
	char *full = xformat("%s%s", sleep_root, path);
	int fd = open(full, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	free(full);
	if (err)
		return err;
	buf[n] = 0;
	return (int)n;
}

static int write_file(const char *path, const char *text)
{
	char *full = xformat("%s%s", sleep_root, path);
	int fd = open(full, O_WRONLY | O_CLOEXEC);
	int err = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	free(full);
	return err;
}

static void on_alarm(int signal)
{
	(void)signal;
}

static enum sleep_end error(const char *what, const char *path, int err)
{
	say_error("can't %s (%s): %s", what, path, strerror(-err));
	return SLEEP_ERROR;
}

/* --- one sleep --------------------------------------------------------------------------- */

static enum sleep_end choose_deep(void)
{
	char modes[128];
	int n = read_file(MEM_SLEEP, modes, sizeof(modes));

	if (n < 0)
		return error("see how Dom0 can sleep", MEM_SLEEP, n);
	if (!strstr(modes, "deep")) {
		say_error("Dom0's kernel knows no suspend to RAM (\"deep\" in " MEM_SLEEP "): the "
		          "machine's firmware does not offer PSCI SYSTEM_SUSPEND");
		return SLEEP_ERROR;
	}
	n = write_file(MEM_SLEEP, "deep");
	return n ? error("choose suspend to RAM", MEM_SLEEP, n) : SLEEP_DONE;
}

/* The count of wake-up events, as Linux wants it back: 0 or -errno. */
static int read_count(char *count, size_t size)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	struct sigaction old;
	int n;

	sigaction(SIGALRM, &action, &old);
	alarm(COUNT_WAIT_S);
	n = read_file(WAKEUP_COUNT, count, size);
	alarm(0);
	sigaction(SIGALRM, &old, NULL);
	count[n > 0 ? strcspn(count, "\n") : 0] = 0;
	return n < 0 ? n : 0;
}

static enum sleep_end set_alarm(uint64_t ms)
{
	char *when = xformat("+%llu", (unsigned long long)((ms + 999) / 1000));
	int err = write_file(RTC, "0");

	if (!err)
		err = write_file(RTC, when);
	free(when);
	return err ? error("set the alarm of the clock", RTC, err) : SLEEP_DONE;
}

/*
 * An event that comes between the two is no reason to stay awake: somebody typed the command. The
 * alarm is set last, and what comes after the count was given back ends the sleep.
 */
static enum sleep_end arm(uint64_t wake_in_ms)
{
	enum sleep_end end;
	char count[32];
	int err = 0;

	for (int i = 0; i < TRIES; i++) {
		err = read_count(count, sizeof(count));
		if (err == -EINTR) {
			say_error("a wake-up event has been under way for %d s; "
			          "/sys/kernel/debug/wakeup_sources shows whose",
			          COUNT_WAIT_S);
			return SLEEP_ERROR;
		}
		if (err)
			return error("count the wake-up events", WAKEUP_COUNT, err);
		err = write_file(WAKEUP_COUNT, count);
		if (err == 0)
			break;
		if (err != -EINVAL)
			return error("guard against early wake-ups", WAKEUP_COUNT, err);
	}
	if (err)
		return SLEEP_EARLY;
	end = wake_in_ms ? set_alarm(wake_in_ms) : SLEEP_DONE;
	return end;
}

enum sleep_end sleep_now(uint64_t wake_in_ms)
{
	enum sleep_end end = choose_deep();
	int err;

	if (end == SLEEP_DONE)
		end = arm(wake_in_ms);
	if (end != SLEEP_DONE)
		return end;
	err = write_file(STATE, "mem");
	if (wake_in_ms)
		write_file(RTC, "0");
	if (err == -EBUSY)
		return SLEEP_EARLY;
	if (err == -EPERM)
		return SLEEP_REFUSED;
	return err ? error("suspend to RAM", STATE, err) : SLEEP_DONE;
}

/* --- the verbs --------------------------------------------------------------------------- */

/* How many there are, or -errno. */
static int print_blockers(FILE *out)
{
	struct dm_blocker b[8];
	uint64_t cursor = 0;
	int n, total = 0;

	while ((n = ctl_blockers(&cursor, b, ARRAY_SIZE(b))) > 0) {
		for (int i = 0; i < n; i++)
			fprintf(out, "  %s %.*s: %.*s\n",
			        b[i].domid == DM_DOMID_NONE ? "the machine," : "domain",
			        (int)sizeof(b[i].name), b[i].name, (int)sizeof(b[i].reason),
			        b[i].reason);
		total += n;
	}
	return n < 0 ? n : total;
}

static bool may_sleep(void)
{
	uint64_t cursor = 0;
	struct dm_blocker b;
	int n = ctl_blockers(&cursor, &b, 1);

	if (n == 0)
		return true;
	if (n < 0) {
		say_error("can't ask what stands against it: %s", say_errno(n));
		return false;
	}
	say_error("the machine can't sleep now; nothing was stopped. Against it:");
	print_blockers(stderr);
	return false;
}

static bool set_test(const char *level)
{
	int phase = spec_word(journal_phase_words, level), err;
	char *list;

	if (phase < 0 || phase == DM_PHASE_COMMIT) {
		list = spec_word_list(journal_phase_words, " and ");
		say_error("there is no test level \"%s\"; the phases are %s, and any but commit "
		          "will do",
		          level, list);
		free(list);
		return false;
	}
	err = ctl_test((uint32_t)phase);
	if (err)
		say_error("can't set the test level: %s", say_errno(err));
	return !err;
}

/* "": none any more. */
static bool set_faults(const char *list)
{
	int err = ctl_faults(list);

	if (err == -EOPNOTSUPP)
		say_error("faults are off: put debug-power on the hypervisor's command line");
	else if (err == -EINVAL || err == -ENOSPC)
		say_error("\"%s\" is no list of faults; `dormouse dmesg` says why", list);
	else if (err)
		say_error("can't set faults: %s", say_errno(err));
	return !err;
}

static int report(enum sleep_end end, uint64_t before, const struct args *a)
{
	bool told = journal_report_last(before, end == SLEEP_DONE ? stdout : stderr);

	if (end == SLEEP_DONE) {
		if (!told && !a->opt['q'])
			puts("Dom0 was asleep; the journal says nothing about it");
		return STATUS_OK;
	}
	if (end == SLEEP_EARLY)
		say_error("a wake-up event came before the machine slept; it stays awake, and "
		          "nothing "
		          "was lost. Try again");
	if (end == SLEEP_REFUSED) {
		say_error("the hypervisor refused to sleep. Against it now:");
		if (print_blockers(stderr) == 0)
			fputs("  nothing any more; try again\n", stderr);
	}
	return STATUS_FAIL;
}

int verb_sleep(const struct args *a)
{
	uint64_t wake_in_ms = 0;
	struct dm_op_info info;
	enum sleep_end end;
	int err;

	if (a->opt['w'] && (!parse_duration(a->opt['w'], &wake_in_ms) || wake_in_ms == 0)) {
		say_error("\"%s\" is no time to wake after; write 30s, 5m or 2h", a->opt['w']);
		return STATUS_USAGE;
	}
	err = ctl_info(&info);
	if (err) {
		say_error("can't ask the hypervisor: %s", say_errno(err));
		return STATUS_FAIL;
	}
	if (!may_sleep())
		return STATUS_FAIL;
	if (a->opt['t'] && !set_test(a->opt['t']))
		return STATUS_FAIL;
	if (a->opt['f'] && !set_faults(a->opt['f']))
		return STATUS_FAIL;
	fflush(stdout);
	end = sleep_now(wake_in_ms);
	/* Before anything else: the other domains wait for it. */
	if (end == SLEEP_DONE)
		ctl_dom0_ready();
	else if (a->opt['t'])
		ctl_test(DM_TEST_OFF);
	/* For this sleep only, whether it got there or not. */
	if (a->opt['f'])
		set_faults("");
	return report(end, info.journal_last, a);
}

int verb_ready(const struct args *a)
{
	int err = ctl_dom0_ready();

	(void)a;
	if (!err)
		return STATUS_OK;
	say_error("can't say that Dom0 is ready: %s", say_errno(err));
	return STATUS_FAIL;
}

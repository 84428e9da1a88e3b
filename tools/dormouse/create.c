// SPDX-License-Identifier: Apache-2.0
/* create, and what stays in the background to see to the domain's end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "build.h"
#include "domains.h"
#include "json.h"
#include "say.h"
#include "store.h"
#include "verbs.h"

#define LOG_DIR "/var/log/xen"
#define POLL_MS 200
#define BAR     30
#define MIN_LIFE_S                                                                     \
	2 /* one that goes down sooner isn't started again: it would go round for ever \
	   */
#define SHUTDOWN_REBOOT 1
#define MAX_FILE        (1024 * 1024)

/* --- progress ---------------------------------------------------------------------------- */

static bool on_terminal;
static const char *progress_name;

static void progress(const char *what, uint64_t done, uint64_t total)
{
	static uint64_t shown = UINT64_MAX;
	static const char *shown_what = "";
	uint64_t percent = total ? done * 100 / total : 100;
	int bar = (int)(percent * BAR / 100);

	if (percent == shown && strcmp(what, shown_what) == 0)
		return;
	shown = percent;
	shown_what = what;
	if (on_terminal)
		fprintf(stderr, "\r%s: %-11s [%.*s%*s] %3u%% of %llu KiB\033[K", progress_name,
		        what, bar, "==============================", BAR - bar, "",
		        (unsigned int)percent, (unsigned long long)(total / 1024));
	else if (done == total)
		fprintf(stderr, "%s: %s loaded, %llu KiB\n", progress_name, what,
		        (unsigned long long)(total / 1024));
}

static void progress_end(void)
{
	if (on_terminal)
		fputs("\r\033[K", stderr);
}

/* --- the file ---------------------------------------------------------------------------- */

/* All of it, or NULL after a message. */
static char *read_text(const char *path, size_t *size)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char *text;

	if (!f) {
		say_error("can't open \"%s\": %s", path, strerror(errno));
		return NULL;
	}
	text = xcalloc(1, MAX_FILE + 1);
	*size = fread(text, 1, MAX_FILE + 1, f);
	if (ferror(f) || *size > MAX_FILE) {
		say_error("can't read \"%s\": %s", path,
		          ferror(f) ? strerror(errno) : "it is no configuration file: too long");
		free(text);
		text = NULL;
	}
	if (f != stdin)
		fclose(f);
	return text;
}

/* "memory=64", unless there is a file of that name. */
static bool is_assignment(const char *word)
{
	return strchr(word, '=') && access(word, F_OK) != 0;
}

static bool read_spec(const struct args *a, struct spec *s)
{
	const char *path = a->opt['f'];
	struct config c = { .errors = stderr };
	char *text = NULL;
	size_t size = 0;
	bool ok = true;
	int at = 0;

	if (!path && a->nr_words && !is_assignment(a->words[0]))
		path = a->words[at++];
	if (path) {
		text = read_text(path, &size);
		if (!text)
			return false;
	}
	ok = config_parse(&c, path ? path : "command line", text ? text : "", size, stderr);
	for (; ok && at < a->nr_words; at++)
		ok = config_add(&c, a->words[at]);
	*s = (struct spec) { 0 };
	ok = ok && spec_read(s, &c);
	if (!ok && c.nr_errors)
		say_error("%u error%s in %s; nothing was created", c.nr_errors,
		          c.nr_errors == 1 ? "" : "s", c.file);
	config_free(&c);
	free(text);
	return ok;
}

/* What -n prints. */
static void print_spec(const struct spec *s)
{
	struct json j;
	char uuid[37];

	spec_uuid_text(s->uuid, uuid);
	json_begin(&j, stdout);
	json_object(&j, NULL);
	json_string(&j, "name", s->name);
	json_string(&j, "uuid", uuid);
	json_string(&j, "type", "pvh");
	json_string(&j, "kernel", s->kernel);
	json_string(&j, "ramdisk", s->ramdisk);
	json_string(&j, "cmdline", s->cmdline);
	json_uint(&j, "memory_mib", s->memory_mib);
	json_uint(&j, "maxmem_mib", s->maxmem_mib);
	json_uint(&j, "vcpus", s->vcpus);
	json_uint(&j, "cpu_weight", s->weight);
	json_uint(&j, "cap", s->cap);
	json_string(&j, "on_poweroff", spec_action_words[s->on_poweroff]);
	json_string(&j, "on_reboot", spec_action_words[s->on_reboot]);
	json_string(&j, "on_crash", spec_action_words[s->on_crash]);
	json_string(&j, "host_suspend", spec_host_suspend_words[s->host_suspend]);
	json_string(&j, "time", spec_time_words[s->time]);
	json_object_end(&j);
	json_end(&j);
}

/* --- the domain's end -------------------------------------------------------------------- */

static bool is_down(const struct dm_domain *d)
{
	return d->state == DM_STATE_SHUTDOWN || d->state == DM_STATE_CRASHED;
}

static int action_for(const struct spec *s, const struct dm_domain *d)
{
	if (d->state == DM_STATE_CRASHED)
		return s->on_crash;
	return d->shutdown_reason == SHUTDOWN_REBOOT ? s->on_reboot : s->on_poweroff;
}

/* Built and, unless it is to be paused, started. */
static bool start(const struct spec *s, bool paused, bool quiet, uint16_t *domid)
{
	struct build b = { .spec = s, .root = "", .progress = quiet ? NULL : progress };
	int err = 0;

	if (domain_name_used(s->name)) {
		say_error("there is a domain \"%s\" already; destroy it first, or name this one "
		          "otherwise",
		          s->name);
		return false;
	}
	progress_name = s->name;
	if (!build_domain(&b)) {
		progress_end();
		return false;
	}
	if (!quiet)
		progress_end();
	*domid = b.domid;
	store_set_name(b.domid, s->name);
	if (!paused)
		err = ctl_unpause(b.domid);
	if (!err)
		return true;
	say_error("domain %s: can't start it: %s", s->name, say_errno(err));
	ctl_destroy(b.domid);
	store_forget(b.domid);
	return false;
}

static void set_aside(const struct spec *s, uint16_t domid)
{
	char *name = xformat("%.20s-%u", s->name, domid);

	ctl_set_name(domid, name);
	free(name);
}

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static int failed(const struct spec *s, uint16_t domid, const char *what, int err)
{
	say_error("domain %s (%u): %s: %s", s->name, domid, what, say_errno(err));
	return STATUS_FAIL;
}

/* Follows the domain, and those that are made in its place, until one ends for good. */
static int watch(const struct spec *s, uint16_t domid)
{
	time_t since = now_s();
	struct dm_domain d;

	for (;;) {
		int err = domain_wait(domid, is_down, POLL_MS, 0, &d), action;

		if (err == -ESRCH)
			return STATUS_OK; /* destroyed by somebody else */
		if (err)
			return failed(s, domid, "can't watch it", err);
		action = action_for(s, &d);
		printf("domain %s (%u) is %s, reason %u: %s\n", s->name, domid,
		       domain_state_text(&d), d.shutdown_reason, spec_action_words[action]);
		if (action == ACTION_RESTART && now_s() - since < MIN_LIFE_S) {
			printf("it ran for less than %d s: not started again\n", MIN_LIFE_S);
			action = ACTION_DESTROY;
		}
		if (action == ACTION_PRESERVE)
			return STATUS_OK;
		if (action == ACTION_RENAME_RESTART)
			set_aside(s, domid);
		else if ((err = ctl_destroy(domid)) != 0)
			return failed(s, domid, "can't destroy it", err);
		else
			store_forget(domid);
		if (action == ACTION_DESTROY)
			return STATUS_OK;
		since = now_s();
		if (!start(s, false, true, &domid))
			return STATUS_FAIL;
		printf("domain %s is %u now\n", s->name, domid);
		fflush(stdout);
	}
}

static bool needs_watching(const struct spec *s)
{
	return s->on_poweroff != ACTION_PRESERVE || s->on_reboot != ACTION_PRESERVE ||
	       s->on_crash != ACTION_PRESERVE;
}

/* To the background, with a log where xl has its own, or none where there is no such folder. */
static void detach(const struct spec *s)
{
	char *path = xformat("%s/dormouse-%s.log", LOG_DIR, s->name);
	int log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	free(path);
	setsid();
	if (chdir("/") < 0 || null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(log >= 0 ? log : null, STDOUT_FILENO);
	dup2(log >= 0 ? log : null, STDERR_FILENO);
}

/* A kernel's path must still be right when we have gone to "/". */
static void make_absolute(char **path)
{
	char *full = *path ? realpath(*path, NULL) : NULL;

	if (full) {
		free(*path);
		*path = full;
	}
}

static int follow(const struct args *a, const struct spec *s, uint16_t domid)
{
	bool watched = needs_watching(s) && !a->opt['e'];
	pid_t child;
	int err;

	if (a->opt['F'])
		return watched ? watch(s, domid) : STATUS_OK;
	if (watched) {
		fflush(NULL);
		child = fork();
		if (child < 0) {
			say_warning("can't stay in the background (%s): nobody will see to the "
			            "domain's end",
			            strerror(errno));
		} else if (child == 0) {
			const char *why;

			detach(s);
			if (ctl_reopen(&why)) {
				say_error("%s", why);
				exit(STATUS_FAIL);
			}
			exit(watch(s, domid));
		}
	}
	err = a->opt['c'] ? console_attach(domid) : 0;
	if (!err)
		return STATUS_OK;
	say_error("domain %s: can't read its console: %s", s->name, say_errno(err));
	return STATUS_FAIL;
}

int verb_create(const struct args *a)
{
	int status = STATUS_FAIL;
	uint16_t domid;
	struct spec s = { 0 };
	const char *why;

	if (a->nr_words == 0 && !a->opt['f']) {
		say_error("which file? Usage: %s create FILE [KEY=VALUE]...", program_name);
		return STATUS_USAGE;
	}
	if (!read_spec(a, &s)) {
		spec_free(&s);
		return STATUS_FAIL;
	}
	on_terminal = isatty(STDERR_FILENO);
	if (a->opt['n']) {
		print_spec(&s);
		status = STATUS_OK;
	} else if (ctl_open(&why)) {
		say_error("%s", why);
	} else {
		make_absolute(&s.kernel);
		make_absolute(&s.ramdisk);
		if (start(&s, a->opt['p'], a->opt['q'], &domid)) {
			if (!a->opt['q'])
				fprintf(stderr, "%s: created, domain %u%s\n", s.name, domid,
				        a->opt['p'] ? ", paused" : "");
			status = follow(a, &s, domid);
		}
	}
	spec_free(&s);
	return status;
}

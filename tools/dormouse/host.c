// SPDX-License-Identifier: Apache-2.0
/* info, dmesg: the machine and its hypervisor. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "domains.h"
#include "json.h"
#include "say.h"
#include "verbs.h"

#define LOG_CHUNK 16384

/* One line of `info`, or one member of its JSON. */
struct lines {
	bool as_json;
	struct json j;
};

static void text(struct lines *l, const char *key, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void text(struct lines *l, const char *key, const char *format, ...)
{
	char value[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	if (l->as_json)
		json_string(&l->j, key, value);
	else
		printf("%-22s : %s\n", key, value);
}

static void number(struct lines *l, const char *key, uint64_t value)
{
	if (l->as_json)
		json_uint(&l->j, key, value);
	else
		printf("%-22s : %llu\n", key, (unsigned long long)value);
}

static const char *scheduler_name(unsigned int id)
{
	/* Xen's XEN_SCHEDULER_*. */
	static const char *const names[] = {
		[5] = "credit", [6] = "credit2", [7] = "arinc653", [8] = "rtds", [9] = "null"
	};

	return id < ARRAY_SIZE(names) && names[id] ? names[id] : "unknown";
}

static void system_lines(struct lines *l)
{
	struct utsname u;

	if (uname(&u) < 0)
		return;
	text(l, "host", "%s", u.nodename);
	text(l, "release", "%s", u.release);
	text(l, "version", "%s", u.version);
	text(l, "machine", "%s", u.machine);
}

static void hardware_lines(struct lines *l, const struct ctl_host *h)
{
	number(l, "nr_cpus", h->nr_cpus);
	number(l, "max_cpu_id", h->max_cpu_id);
	number(l, "nr_nodes", h->nr_nodes);
	number(l, "cores_per_socket", h->cores_per_socket);
	number(l, "threads_per_core", h->threads_per_core);
	text(l, "cpu_mhz", "%u.%03u", h->cpu_khz / 1000, h->cpu_khz % 1000);
	text(l, "virt_caps", "%s%s%s%s", h->hvm ? "hvm" : "", h->hap ? " hap" : "",
	     h->gnttab_v1 ? " gnttab-v1" : "", h->gnttab_v2 ? " gnttab-v2" : "");
	number(l, "total_memory", h->total_pages / 256);
	number(l, "free_memory", h->free_pages / 256);
	number(l, "sharing_freed_memory", 0);
	number(l, "sharing_used_memory", 0);
	number(l, "outstanding_claims", h->outstanding_pages);
	number(l, "free_cpus", 0);
}

static void xen_lines(struct lines *l, const struct ctl_host *h)
{
	number(l, "xen_major", h->major);
	number(l, "xen_minor", h->minor);
	text(l, "xen_extra", "%s", h->extra);
	text(l, "xen_version", "%u.%u%s", h->major, h->minor, h->extra);
	text(l, "xen_caps", "%s", h->capabilities);
	text(l, "xen_scheduler", "%s", scheduler_name(h->scheduler));
	number(l, "xen_pagesize", h->page_size);
	text(l, "platform_params", "virt_start=0x%llx", (unsigned long long)h->virt_start);
	text(l, "xen_changeset", "%s", h->changeset);
	text(l, "xen_commandline", "%s", h->commandline);
	text(l, "cc_compiler", "%s", h->compiler);
	text(l, "cc_compile_by", "%s", h->compile_by);
	text(l, "cc_compile_domain", "%s", h->compile_domain);
	text(l, "cc_compile_date", "%s", h->compile_date);
}

static void dormouse_lines(struct lines *l, const struct dm_op_info *i)
{
	text(l, "dormouse_version", "%.*s", (int)sizeof(i->version), i->version);
	text(l, "host_suspend", "%s", i->flags & DM_INFO_HOST_SUSPEND ? "yes" : "no");
	text(l, "suspend_tests", "%s", i->flags & DM_INFO_TEST ? "yes" : "no");
	number(l, "sleeps", i->sleeps[DM_OUTCOME_SLEPT]);
	number(l, "did_not_sleep", i->sleeps[DM_OUTCOME_DID_NOT_SLEEP]);
	number(l, "failed_sleeps", i->sleeps[DM_OUTCOME_FAILED]);
	number(l, "dom0_grace_ms", i->grace_ms);
	text(l, "uptime_s", "%llu.%03llu", (unsigned long long)(i->now_ns / 1000000000),
	     (unsigned long long)(i->now_ns / 1000000 % 1000));
}

int verb_info(const struct args *a)
{
	struct lines l = { .as_json = a->opt[OPT_JSON] };
	struct dm_op_info info;
	struct ctl_host host;
	int err = ctl_host(&host);

	if (!err)
		err = ctl_info(&info);
	if (err) {
		say_error("can't ask the hypervisor about itself: %s", say_errno(err));
		return STATUS_FAIL;
	}
	json_begin(&l.j, stdout);
	if (l.as_json)
		json_object(&l.j, NULL);
	system_lines(&l);
	hardware_lines(&l, &host);
	xen_lines(&l, &host);
	dormouse_lines(&l, &info);
	if (l.as_json) {
		json_object_end(&l.j);
		json_end(&l.j);
	}
	return STATUS_OK;
}

int verb_dmesg(const struct args *a)
{
	char *buf = xcalloc(1, LOG_CHUNK);
	bool clear = a->opt['c'];
	uint32_t index = 0, before;
	int n;

	do {
		before = index;
		n = ctl_read_log(buf, LOG_CHUNK, &index, clear);
		if (n > 0)
			fwrite(buf, 1, (size_t)n, stdout);
		/* Clearing reads it in one go, as Xen's call does. */
	} while (n > 0 && !clear && index != before);
	free(buf);
	if (n >= 0)
		return STATUS_OK;
	say_error("can't read the hypervisor's log: %s", say_errno(n));
	return STATUS_FAIL;
}

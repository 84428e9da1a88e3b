// SPDX-License-Identifier: Apache-2.0
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *program_name = "dormouse";

static void say(const char *kind, const char *format, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s", program_name, kind);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void say_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("warning: ", format, args);
	va_end(args);
}

const char *say_errno(int err)
{
	static const struct {
		int err;
		const char *text;
	} words[] = {
		{ EPERM, "not allowed: only Dom0 may do this" },
		{ EACCES, "the hypervisor speaks another version of this interface; use the tool "
		          "that came with it" },
		{ ESRCH, "the domain is gone" },
		{ ENOENT, "it does not exist" },
		{ ENOSYS, "the hypervisor does not know this call; is it Dormouse, and as new as "
		          "the tool?" },
		{ EOPNOTSUPP, "the hypervisor does not support this" },
		{ ENOMEM, "not enough memory" },
		{ EBUSY, "it is busy: being built, destroyed or put to sleep just now" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].err == -err)
			return words[i].text;
	}
	return strerror(-err);
}

static void *have(void *p)
{
	if (p)
		return p;
	say_error("out of memory");
	exit(STATUS_FAIL);
}

void *xcalloc(size_t n, size_t size)
{
	return have(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size)
{
	return have(realloc(p, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return have(strdup(s));
}

char *xformat(const char *format, ...)
{
	va_list args;
	char *out = NULL;

	va_start(args, format);
	if (vasprintf(&out, format, args) < 0)
		out = NULL;
	va_end(args);
	return have(out);
}

bool parse_u64(const char *s, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long value;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	value = strtoull(s, &end, 0);
	if (errno || *end || value > max)
		return false;
	*out = value;
	return true;
}

bool parse_duration(const char *s, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {
		{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	};
	unsigned long long value;
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	value = strtoull(s, &end, 10);
	if (errno || value > UINT32_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].unit) == 0) {
			*ms = value * units[i].ms;
			return true;
		}
	}
	return false;
}

/* One "5" or "0-3"; *s moves behind it. */
static bool parse_cpu_range(const char **s, uint64_t *mask)
{
	unsigned long first, last;
	char *end;

	if (**s < '0' || **s > '9')
		return false;
	first = last = strtoul(*s, &end, 10);
	if (*end == '-') {
		if (end[1] < '0' || end[1] > '9')
			return false;
		last = strtoul(end + 1, &end, 10);
	}
	if (first > last || last > 63)
		return false;
	*mask = (UINT64_MAX >> (63 - (last - first))) << first;
	*s = end;
	return true;
}

bool parse_cpus(const char *s, uint64_t *mask, const char **why)
{
	uint64_t in = 0, out = 0, range;
	bool any_in = false;

	do {
		bool without = *s == '^';

		s += without;
		if (strncmp(s, "all", 3) == 0 && !without) {
			range = UINT64_MAX;
			s += 3;
		} else if (!parse_cpu_range(&s, &range)) {
			*why = "CPUs are written as 0-3,5 or all or all,^2, from 0 to 63";
			return false;
		}
		if (*s && *s != ',') {
			*why = "there is something behind the number of a CPU";
			return false;
		}
		*(without ? &out : &in) |= range;
		any_in |= !without;
	} while (*s++ == ',');
	*mask = (any_in ? in : UINT64_MAX) & ~out;
	if (*mask == 0) {
		*why = "no CPU is left";
		return false;
	}
	return true;
}

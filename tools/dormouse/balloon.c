// SPDX-License-Identifier: Apache-2.0
/*
 * Linux maps another domain's pages where Dom0 has pages without memory. If it has none it makes
 * some by plugging in memory at whatever address seems free (before 6.12), for good, and where that
 * lies below Dom0's RAM with a warning. So the balloon driver is asked first to give up some MiB.
 */
#include "balloon.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "say.h"

#define FOLDER  "/sys/devices/system/xen_memory/xen_memory0"
#define WANTED  2048 /* KiB, more than is mapped at a time */
#define TAKEN   4096
#define WAIT_MS 1000

/* A number out of a file there, or -1. */
static long read_kib(const char *root, const char *name)
{
	char *path = xformat("%s" FOLDER "/%s", root, name);
	FILE *f = fopen(path, "r");
	long value = -1;

	if (f && fscanf(f, "%ld", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	free(path);
	return value;
}

static bool write_kib(const char *root, const char *name, long value)
{
	char *path = xformat("%s" FOLDER "/%s", root, name);
	FILE *f = fopen(path, "w");
	bool ok = f && fprintf(f, "%ld\n", value) > 0;

	if (f)
		ok &= fclose(f) == 0;
	free(path);
	return ok;
}

static long inflated_kib(const char *root)
{
	long low = read_kib(root, "info/low_kb"), high = read_kib(root, "info/high_kb");

	return low < 0 || high < 0 ? -1 : low + high;
}

bool balloon_make_room(const char *root)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	long have = inflated_kib(root), current = read_kib(root, "info/current_kb");

	if (have < 0 || current < 8 * TAKEN)
		return false;
	if (have >= WANTED)
		return true;
	if (!write_kib(root, "target_kb", current - TAKEN))
		return false;
	for (int ms = 0; ms < WAIT_MS && inflated_kib(root) < WANTED; ms += 10)
		nanosleep(&pause, NULL);
	return inflated_kib(root) >= WANTED;
}

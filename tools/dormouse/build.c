// SPDX-License-Identifier: Apache-2.0
#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/domu.h"
#include "balloon.h"
#include "dtb.h"
#include "image.h"
#include "say.h"

#define KIB       1024ull
#define MIB       (1024 * KIB)
#define DTB_SPACE (64 * KIB)
#define SLACK_KIB 1024 /* what xl adds to a domain's memory for pages of the tools */
#define CHUNK     256u /* pages mapped at a time */
#define BIG_ORDER 9    /* 2 MiB */

struct file {
	const char *path; /* NULL: there is none */
	const char *what; /* for messages */
	int fd;
	uint64_t size;
};

struct work {
	struct build *b;
	struct file kernel, ramdisk;
	struct image image;
	struct places places;
	struct dm_op_devices devices;
};

static bool fail(const struct work *w, const char *what, int err)
{
	say_error("domain %s: %s: %s", w->b->spec->name, what, say_errno(err));
	return false;
}

static void tell(const struct work *w, const char *what, uint64_t done, uint64_t total)
{
	if (w->b->progress)
		w->b->progress(what, done, total);
}

/* --- Ctrl-C ------------------------------------------------------------------------------ */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* From here on these only stop what goes on, so that it is undone. */
static void hold_signals(struct sigaction old[])
{
	const struct sigaction action = { .sa_handler = on_signal };

	interrupted = 0;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, &old[i]);
}

static void release_signals(const struct sigaction old[])
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &old[i], NULL);
}

static bool go_on(const struct work *w)
{
	if (interrupted)
		say_error("domain %s: interrupted; nothing is left of it", w->b->spec->name);
	return !interrupted;
}

/* --- before anything is made ------------------------------------------------------------- */

static bool open_file(const struct work *w, struct file *f)
{
	struct stat st;

	f->fd = -1;
	if (!f->path)
		return true;
	f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st) < 0) {
		say_error("domain %s: can't open the %s \"%s\": %s", w->b->spec->name, f->what,
		          f->path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode) || st.st_size == 0) {
		say_error("domain %s: the %s \"%s\" is %s", w->b->spec->name, f->what, f->path,
		          S_ISREG(st.st_mode) ? "empty" : "no regular file");
		return false;
	}
	f->size = (uint64_t)st.st_size;
	return true;
}

static bool read_kernel_header(struct work *w)
{
	uint8_t header[IMAGE_HEADER];
	ssize_t n = pread(w->kernel.fd, header, sizeof(header), 0);
	const char *why =
	        n < 0 ? strerror(errno) : image_parse(header, (size_t)n, w->kernel.size, &w->image);

	if (!why)
		return true;
	say_error("domain %s: the kernel \"%s\" can't be started: %s", w->b->spec->name,
	          w->kernel.path, why);
	return false;
}

static bool check_room(struct work *w)
{
	const struct spec *s = w->b->spec;
	struct ctl_host host;
	uint64_t needed;
	int err;

	if (!image_place(&w->image, w->ramdisk.size, DTB_SPACE, s->memory_mib * MIB, &w->places,
	                 &needed)) {
		say_error("domain %s: its %llu MiB of memory don't hold the kernel (%llu MiB when "
		          "it runs) and the ramdisk (%llu MiB); give it at least memory = %llu, "
		          "better twice that",
		          s->name, (unsigned long long)s->memory_mib,
		          (unsigned long long)((w->image.size + MIB - 1) / MIB),
		          (unsigned long long)((w->ramdisk.size + MIB - 1) / MIB),
		          (unsigned long long)needed);
		return false;
	}
	err = ctl_host(&host);
	if (err)
		return fail(w, "can't ask how much memory is free", err);
	if (host.free_pages / 256 < s->memory_mib) {
		say_error("domain %s: it needs %llu MiB, but only %llu MiB are free; destroy a "
		          "domain, or give Dom0 less (dom0_mem= on the hypervisor's command line)",
		          s->name, (unsigned long long)s->memory_mib,
		          (unsigned long long)(host.free_pages / 256));
		return false;
	}
	return true;
}

/* --- its frame --------------------------------------------------------------------------- */

static bool make_domain(struct work *w)
{
	const struct spec *s = w->b->spec;
	int err = ctl_create(s->uuid, (unsigned int)s->vcpus, &w->b->domid);

	if (err)
		return fail(w, "the hypervisor did not create it", err);
	return true;
}

static bool set_up(struct work *w)
{
	const struct spec *s = w->b->spec;
	uint16_t id = w->b->domid;
	int err = ctl_max_vcpus(id, (unsigned int)s->vcpus);

	if (err)
		return fail(w, "can't give it its vCPUs", err);
	err = ctl_set_name(id, s->name);
	if (err)
		return fail(w, "can't name it", err);
	w->devices = (struct dm_op_devices) {
		.domid = id,
		.add = DM_DEVICE_UART | DM_DEVICE_RTC | DM_DEVICE_KEYS,
	};
	err = ctl_devices(&w->devices);
	if (err)
		return fail(w, "can't give it its console, clock and keys", err);
	for (unsigned int n = 0; n < s->vcpus; n++) {
		err = s->affinity[n] ? ctl_set_affinity(id, n, s->affinity[n]) : 0;
		if (err)
			return fail(w, "can't pin its vCPUs (cpus = ...)", err);
	}
	err = ctl_max_memory(id, s->maxmem_mib * KIB + SLACK_KIB);
	return err ? fail(w, "can't set its memory's limit", err) : true;
}

/* --- its memory -------------------------------------------------------------------------- */

/* Pages from gfn on, in big blocks while they are to be had. *done counts those of all banks. */
static bool populate(struct work *w, uint64_t gfn, uint64_t pages, uint64_t *done)
{
	uint64_t total = w->b->spec->memory_mib * 256, end = gfn + pages;
	bool big = true;

	while (gfn < end) {
		unsigned int order = big && end - gfn >= 1u << BIG_ORDER ? BIG_ORDER : 0;
		uint64_t blocks = (end - gfn) >> order, most = order ? 16 : 256;
		int got = ctl_populate(w->b->domid, gfn,
		                       (unsigned int)(blocks < most ? blocks : most), order);

		if (got <= 0 && order) {
			big = false;
			continue;
		}
		if (got <= 0)
			return fail(w, "its memory can't be had", got ? got : -ENOMEM);
		gfn += (uint64_t)got << order;
		*done += (uint64_t)got << order;
		tell(w, "memory", *done * CTL_PAGE, total * CTL_PAGE);
		if (!go_on(w))
			return false;
	}
	return true;
}

static bool give_memory(struct work *w)
{
	uint64_t size = w->b->spec->memory_mib * MIB, done = 0;
	uint64_t first = size < DOMU_RAM_SIZE ? size : DOMU_RAM_SIZE;

	return populate(w, DOMU_RAM / CTL_PAGE, first / CTL_PAGE, &done) &&
	       populate(w, DOMU_RAM2 / CTL_PAGE, (size - first) / CTL_PAGE, &done);
}

/* Reads exactly size bytes of the file from there on. */
static bool read_all(const struct work *w, const struct file *f, char *to, uint64_t size,
                     uint64_t from)
{
	while (size) {
		ssize_t n = pread(f->fd, to, size, (off_t)from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			say_error("domain %s: can't read the %s \"%s\": %s", w->b->spec->name,
			          f->what, f->path,
			          n < 0 ? strerror(errno) : "it got shorter meanwhile");
			return false;
		}
		to += n;
		from += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return true;
}

/* size bytes of the file, or of data if that isn't NULL, to the domain's address `at`. */
static bool load(const struct work *w, const struct file *f, const char *data, uint64_t at,
                 uint64_t size)
{
	uint64_t done = 0;
	int err;

	while (done < size) {
		uint64_t offset = (at + done) % CTL_PAGE, gfn = (at + done) / CTL_PAGE;
		uint64_t n = size - done, most = CHUNK * CTL_PAGE - offset;
		unsigned int pages;
		bool ok = true;
		char *page;

		/* static: knownConditionTrueFalse: not for what is larger than a piece */
		n = n < most ? n : most;
		pages = (unsigned int)((offset + n + CTL_PAGE - 1) / CTL_PAGE);
		page = ctl_map(w->b->domid, gfn, pages);
		if (!page)
			return fail(w, "can't reach its memory", -errno);
		if (data)
			memcpy(page + offset, data + done, n);
		else
			ok = read_all(w, f, page + offset, n, done);
		ctl_unmap(page, pages);
		if (!ok)
			return false;
		done += n;
		tell(w, f->what, done, size);
		if (!go_on(w))
			return false;
	}
	err = ctl_flush(w->b->domid, at / CTL_PAGE,
	                (unsigned int)((at % CTL_PAGE + size + CTL_PAGE - 1) / CTL_PAGE));
	return err ? fail(w, "can't clean the caches of its memory", err) : true;
}

static bool load_dtb(struct work *w)
{
	const struct spec *s = w->b->spec;
	const struct file dtb = { .what = "device tree" };
	char cpu[64];
	struct dtb_in in = {
		.vcpus = (unsigned int)s->vcpus,
		.ram = s->memory_mib * MIB,
		.cmdline = s->cmdline,
		.ramdisk = w->places.ramdisk,
		.ramdisk_size = w->ramdisk.size,
		.xen = s->xen,
		.devices = w->devices,
	};
	const char *why = "";
	size_t size;
	void *tree;
	bool ok;

	dtb_read_host(w->b->root, &in, cpu, sizeof(cpu));
	tree = dtb_build(&in, &size, &why);
	if (!tree || size > DTB_SPACE) {
		say_error("domain %s: its device tree can't be made: %s", s->name,
		          tree ? "its command line is too long" : why);
		free(tree);
		return false;
	}
	ok = load(w, &dtb, tree, w->places.dtb, size);
	free(tree);
	return ok;
}

static bool load_all(struct work *w)
{
	int err;

	balloon_make_room(w->b->root);
	if (!load(w, &w->kernel, NULL, w->places.kernel, w->kernel.size))
		return false;
	if (w->ramdisk.path && !load(w, &w->ramdisk, NULL, w->places.ramdisk, w->ramdisk.size))
		return false;
	if (!load_dtb(w))
		return false;
	err = ctl_set_entry(w->b->domid, w->places.kernel, w->places.dtb);
	return err ? fail(w, "can't say where it begins", err) : true;
}

/* --- its policies ------------------------------------------------------------------------ */

static bool set_policies(struct work *w)
{
	const struct spec *s = w->b->spec;
	struct dm_op_policy policy = {
		.domid = w->b->domid,
		.set = DM_POLICY_HOST_SUSPEND | DM_POLICY_TIME |
		       (s->veto_ms ? DM_POLICY_VETO_MS : 0),
		.host_suspend = (uint32_t)s->host_suspend,
		.time = (uint32_t)s->time,
		.veto_ms = (uint32_t)s->veto_ms,
	};
	struct dm_op_wakeup wakeup = {
		.domid = w->b->domid,
		.change = DM_WAKE_ALL,
		.sources = s->wake_sources,
	};
	unsigned int weight, cap;
	int err = 0;

	if (s->weight || s->cap) {
		err = ctl_sched_get(w->b->domid, &weight, &cap);
		if (!err)
			err = ctl_sched_set(w->b->domid,
			                    s->weight ? (unsigned int)s->weight : weight,
			                    (unsigned int)s->cap);
		if (err)
			return fail(w, "can't set its weight and cap (cpu_weight, cap)", err);
	}
	err = ctl_policy(&policy);
	if (err)
		return fail(w, "can't set its policies (host_suspend, time, veto_ms)", err);
	err = s->wake_sources == DM_WAKE_ALL ? 0 : ctl_wakeup(&wakeup);
	return err ? fail(w, "can't set its wake-up sources (wakeup)", err) : true;
}

/* --- the whole --------------------------------------------------------------------------- */

static bool (*const before[])(struct work *w) = { read_kernel_header, check_room, make_domain };
static bool (*const after[])(struct work *w) = { set_up, give_memory, load_all, set_policies };

static bool run(bool (*const *steps)(struct work *w), size_t n, struct work *w)
{
	for (size_t i = 0; i < n; i++) {
		if (!steps[i](w))
			return false;
	}
	return true;
}

bool build_domain(struct build *b)
{
	struct work w = {
		.b = b,
		.kernel = { .path = b->spec->kernel, .what = "kernel", .fd = -1 },
		.ramdisk = { .path = b->spec->ramdisk, .what = "ramdisk", .fd = -1 },
	};
	struct sigaction old[ARRAY_SIZE(signals)];
	bool ok;
	int err;

	hold_signals(old);
	ok = open_file(&w, &w.kernel) && open_file(&w, &w.ramdisk) &&
	     run(before, ARRAY_SIZE(before), &w);
	if (ok && (!run(after, ARRAY_SIZE(after), &w) || !go_on(&w))) {
		ok = false;
		err = ctl_destroy(b->domid);
		if (err)
			say_warning("what is there of it (domain %u) could not be destroyed: %s",
			            b->domid, say_errno(err));
	}
	if (w.kernel.fd >= 0)
		close(w.kernel.fd);
	if (w.ramdisk.fd >= 0)
		close(w.ramdisk.fd);
	release_signals(old);
	return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels and grants as Linux has them: /dev/xen/{evtchn,gntdev,gntalloc}.
 *
 *   xenio self DOMID    one domain, which is that one, with itself
 *   xenio peer          in a DomU: offers a page and a port to Dom0, and answers for ever
 *   xenio with DOMID    in Dom0: so many round trips with that one's peer
 *   xenio hold DOMID    maps that one's page; looks at it again when it gets SIGUSR1
 *
 * Prints a line for what it did, and "xenio: ok" last; exit status 1 if something was wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What Linux's headers want of Xen's. */
typedef uint16_t domid_t;
typedef uint32_t grant_ref_t;
#define GNTCOPY_source_gref 1

#include <xen/evtchn.h>
#include <xen/gntalloc.h>
#include <xen/gntdev.h>

#define PAGE	   4096
#define MAGIC	   0x78656e696f212121ull
#define ROUNDS	   200
#define WAIT_MS	   20000
#define FIRST_REF  8 /* Linux keeps the ones below */
#define VIRQ_DOM_EXC 3

struct shared {
	volatile uint64_t magic;
	volatile uint64_t port;
	volatile uint64_t answers;
};

static void fail(const char *what)
{
	printf("xenio: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void wrong(const char *what)
{
	printf("xenio: %s\n", what);
	exit(1);
}

static void load(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/lib/modules/%s.ko", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		fail(path);
	close(fd);
}

static int device(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/xen/%s", name);
	fd = open(path, O_RDWR);
	if (fd < 0)
		fail(path);
	return fd;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- events ------------------------------------------------------------------------------ */

static void notify(int fd, uint32_t port)
{
	struct ioctl_evtchn_notify n = { .port = port };

	if (ioctl(fd, IOCTL_EVTCHN_NOTIFY, &n))
		fail("notify");
}

/* The port that has an event, good for the next one; 0: none came. */
static uint32_t wait_event(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint32_t port;

	if (poll(&p, 1, ms) != 1)
		return 0;
	if (read(fd, &port, sizeof(port)) != sizeof(port))
		fail("read of an event");
	if (write(fd, &port, sizeof(port)) != sizeof(port))
		fail("unmask");
	return port;
}

static uint32_t offer(int fd, unsigned int domid)
{
	struct ioctl_evtchn_bind_unbound_port u = { .remote_domain = domid };
	int port = ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &u);

	if (port <= 0)
		fail("an unbound port");
	return (uint32_t)port;
}

static int bind_to(int fd, unsigned int domid, uint32_t remote)
{
	struct ioctl_evtchn_bind_interdomain b = { .remote_domain = domid, .remote_port = remote };

	return ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &b);
}

/* --- grants ------------------------------------------------------------------------------ */

static void *grant(int fd, unsigned int domid, uint32_t *ref)
{
	struct ioctl_gntalloc_alloc_gref g = { .domid = (uint16_t)domid,
					       .flags = GNTALLOC_FLAG_WRITABLE,
					       .count = 1 };
	void *page;

	if (ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &g))
		fail("a grant");
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)g.index);
	if (page == MAP_FAILED)
		fail("the granted page");
	*ref = g.gref_ids[0];
	return page;
}

static void *map(int fd, unsigned int domid, uint32_t ref, uint64_t *index)
{
	struct ioctl_gntdev_map_grant_ref m = { .count = 1,
						.refs[0] = { .domid = domid, .ref = ref } };
	void *page;

	if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &m))
		fail("a mapping");
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)m.index);
	if (page == MAP_FAILED) {
		struct ioctl_gntdev_unmap_grant_ref u = { .index = m.index, .count = 1 };

		ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &u);
		return NULL;
	}
	*index = m.index;
	return page;
}

static void unmap(int fd, void *page, uint64_t index)
{
	struct ioctl_gntdev_unmap_grant_ref u = { .index = index, .count = 1 };

	if (munmap(page, PAGE) || ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &u))
		fail("unmapping");
}

static void copy(int fd, unsigned int domid, uint32_t ref, void *to)
{
	struct gntdev_grant_copy_segment s = {
		.source.foreign = { .ref = ref, .domid = (uint16_t)domid },
		.dest.virt = to,
		.len = PAGE,
		.flags = GNTCOPY_source_gref,
	};
	struct ioctl_gntdev_grant_copy c = { .count = 1, .segments = &s };

	if (ioctl(fd, IOCTL_GNTDEV_GRANT_COPY, &c))
		fail("a copy");
	if (s.status)
		wrong("a copy was refused");
}

/* --- what it does ------------------------------------------------------------------------ */

static void do_self(unsigned int self)
{
	struct ioctl_evtchn_bind_virq virq = { .virq = VIRQ_DOM_EXC };
	static uint8_t buffer[PAGE] __attribute__((aligned(PAGE)));
	int ev = device("evtchn"), gnt = device("gntdev"), alloc = device("gntalloc");
	uint32_t a = offer(ev, self), ref;
	int b = bind_to(ev, self, a);
	uint64_t index;
	uint8_t *given, *mapped;

	if (b <= 0)
		fail("binding to itself");
	if (ioctl(ev, IOCTL_EVTCHN_BIND_VIRQ, &virq) <= 0)
		fail("a vIRQ");
	/* The new end is pending from the start. */
	if (wait_event(ev, WAIT_MS) != (uint32_t)b)
		wrong("no first event");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		notify(ev, (uint32_t)b);
		if (wait_event(ev, WAIT_MS) != a)
			wrong("an event was lost");
	}
	given = grant(alloc, self, &ref);
	memset(given, 0xa5, PAGE);
	for (unsigned int i = 0; i < 50; i++) {
		mapped = map(gnt, self, ref, &index);
		if (!mapped || mapped[i] != 0xa5)
			wrong("the mapped page isn't the granted one");
		mapped[i] = (uint8_t)i;
		if (given[i] != i)
			wrong("the granted page isn't the mapped one");
		given[i] = 0xa5;
		unmap(gnt, mapped, index);
	}
	copy(gnt, self, ref, buffer);
	if (buffer[0] != 0xa5 || buffer[PAGE - 1] != 0xa5)
		wrong("the copy isn't the page");
	printf("xenio: %u events, 50 mappings, a copy\n", ROUNDS);
}

static void do_peer(void)
{
	int ev = device("evtchn"), alloc = device("gntalloc");
	uint32_t ref, port = offer(ev, 0);
	struct shared *s = grant(alloc, 0, &ref);

	s->port = port;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	s->magic = MAGIC;
	printf("xenio: peer: grant %u, port %u\n", ref, port);
	fflush(stdout);
	for (;;) {
		if (wait_event(ev, -1) != port)
			wrong("somebody else's event");
		s->answers++;
		notify(ev, port);
	}
}

static struct shared *find_peer(int gnt, unsigned int domid, uint64_t *index)
{
	int64_t end = now_us() + 60000000;
	struct shared *s;

	while (now_us() < end) {
		s = map(gnt, domid, FIRST_REF, index);
		if (s && s->magic == MAGIC)
			return s;
		if (s)
			unmap(gnt, s, *index);
		usleep(100000);
	}
	wrong("no peer there");
	return NULL;
}

static void do_with(unsigned int domid)
{
	static uint64_t buffer[PAGE / 8] __attribute__((aligned(PAGE)));
	int ev = device("evtchn"), gnt = device("gntdev");
	uint64_t index, before;
	struct shared *s = find_peer(gnt, domid, &index);
	int port = bind_to(ev, domid, (uint32_t)s->port);
	int64_t start;

	if (port <= 0)
		fail("binding");
	if (wait_event(ev, WAIT_MS) != (uint32_t)port)
		wrong("no first event");
	before = s->answers;
	start = now_us();
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		notify(ev, (uint32_t)port);
		if (wait_event(ev, WAIT_MS) != (uint32_t)port)
			wrong("no answer");
		if (s->answers != before + i)
			wrong("an answer too many, or too few");
	}
	printf("xenio: %u round trips, %lld us each\n", ROUNDS,
	       (long long)(now_us() - start) / ROUNDS);
	copy(gnt, domid, FIRST_REF, buffer);
	if (buffer[0] != MAGIC || buffer[2] != s->answers)
		wrong("the copy isn't the page");
	unmap(gnt, s, index);
}

static void do_hold(unsigned int domid)
{
	int gnt = device("gntdev"), got;
	uint64_t index;
	struct shared *s;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s = find_peer(gnt, domid, &index);
	printf("xenio: held\n");
	fflush(stdout);
	if (sigwait(&set, &got))
		fail("waiting");
	if (s->magic != MAGIC)
		wrong("the page is another's now");
	s->magic = 0;
	unmap(gnt, s, index);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	load("xen_evtchn");
	load("xen_gntdev");
	load("xen_gntalloc");
	if (!strcmp(what, "self") && argc > 2)
		do_self((unsigned int)atoi(argv[2]));
	else if (!strcmp(what, "peer"))
		do_peer();
	else if (!strcmp(what, "with") && argc > 2)
		do_with((unsigned int)atoi(argv[2]));
	else if (!strcmp(what, "hold") && argc > 2)
		do_hold((unsigned int)atoi(argv[2]));
	else
		wrong("what?");
	printf("xenio: ok\n");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load in a Linux domain of the soak (tests/proof/soak.py), which reads its page from the machine's memory:
 *
 *   soak NUMBER [DISK]
 *
 * Works for ever: looks at patterns in memory, takes timer interrupts, writes blocks of the disk and reads them back past
 * the page cache; and listens to the kernel's log. What it finds wrong it writes into its page, and stops.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "../proof/soak_page.h"

#define PAGE	4096
#define PATTERN (2 << 20)
#define CHUNK	(64 << 10)
#define BLOCKS	256 /* of a page each */
#define TICK_NS 10000000

static volatile struct soak_page *page;
static volatile uint64_t *pattern;
static struct {
	int fd;
	uint64_t *buffer;
	uint32_t written[BLOCKS]; /* how often each was: what is in it */
} disk = { .fd = -1 };

static void wrong(uint64_t line, uint64_t got, uint64_t wanted)
{
	page->got = got;
	page->wanted = wanted;
	page->error = line;
	for (;;)
		pause();
}

static uint64_t chance(uint64_t below)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

static uint64_t word(uint64_t n)
{
	return (n + 1) * 0x9e3779b97f4a7c15 ^ page->number << 32;
}

static void *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED || mlock(p, size)) {
		perror("soak: memory");
		exit(1);
	}
	return p;
}

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void look(void)
{
	const uint64_t from = page->beat * (CHUNK / 8) % (PATTERN / 8);

	for (uint64_t n = from; n < from + CHUNK / 8; n++)
		if (pattern[n] != word(n))
			wrong(__LINE__, pattern[n], word(n));
	page->checked += CHUNK / 8;
}

static void stamp(void)
{
	uint64_t before = page->virt;

	page->stamp++;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(page->virt));
	page->clock_ns = now(CLOCK_REALTIME);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	page->stamp++;
	if (page->virt < before)
		wrong(__LINE__, page->virt, before);
}

static uint64_t block_word(unsigned int block, uint64_t n)
{
	return word(n) + ((uint64_t)block << 48) + disk.written[block];
}

static void use_disk(void)
{
	unsigned int block = (unsigned int)chance(BLOCKS);

	disk.written[block]++;
	for (uint64_t n = 0; n < PAGE / 8; n++)
		disk.buffer[n] = block_word(block, n);
	if (pwrite(disk.fd, disk.buffer, PAGE, (off_t)block * PAGE) != PAGE)
		wrong(__LINE__, (uint64_t)errno, 0);
	page->disk_writes++;
	block = (unsigned int)chance(BLOCKS);
	if (!disk.written[block])
		return;
	if (pread(disk.fd, disk.buffer, PAGE, (off_t)block * PAGE) != PAGE)
		wrong(__LINE__, (uint64_t)errno, 0);
	for (uint64_t n = 0; n < PAGE / 8; n++)
		if (disk.buffer[n] != block_word(block, n))
			wrong(__LINE__, disk.buffer[n], block_word(block, n));
	page->disk_reads++;
}

/* What the kernel has to say since we started: nothing of these. */
static void listen(int kmsg)
{
	static const char *const bad[] = { "WARNING:", "BUG:", "Call trace", "stall", "soft lockup", "hard LOCKUP", "Oops",
					   "Unable to handle", "nobody cared", "failed to resume", "failed to come", "Bad mode",
					   "Internal error", "unstable", "I/O error" };
	char record[1024];
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0) {
		record[n] = 0;
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			if (strstr(record, bad[i])) {
				for (size_t c = 0; c < sizeof(page->said) - 1; c++)
					page->said[c] = record[c];
				wrong(__LINE__, i, 0);
			}
		}
	}
}

static int ticks(void)
{
	struct itimerspec every = { { 0, TICK_NS }, { 0, TICK_NS } };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	if (fd < 0 || timerfd_settime(fd, 0, &every, NULL)) {
		perror("soak: timer");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	uint64_t number = argc > 1 ? strtoull(argv[1], NULL, 0) : 0, expired, before = 0;
	int timer = ticks(), kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	page = pages(PAGE);
	page->number = number;
	pattern = pages(PATTERN);
	for (uint64_t n = 0; n < PATTERN / 8; n++)
		pattern[n] = word(n);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0) {
		perror("/dev/kmsg");
		return 1;
	}
	if (argc > 2) {
		disk.buffer = pages(PAGE);
		disk.fd = open(argv[2], O_RDWR | O_DIRECT);
		if (disk.fd < 0) {
			perror(argv[2]);
			return 1;
		}
	}
	__atomic_store_n(&page->magic, SOAK_MAGIC, __ATOMIC_RELEASE);
	for (;;) {
		if (read(timer, &expired, sizeof(expired)) != sizeof(expired))
			wrong(__LINE__, (uint64_t)errno, 0);
		page->timers += expired;
		look();
		if (disk.fd >= 0)
			use_disk();
		listen(kmsg);
		stamp();
		if (now(CLOCK_MONOTONIC) < before)
			wrong(__LINE__, now(CLOCK_MONOTONIC), before);
		before = now(CLOCK_MONOTONIC);
		page->beat++;
	}
}

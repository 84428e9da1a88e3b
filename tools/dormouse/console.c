// SPDX-License-Identifier: Apache-2.0
/* console: the emulated UART of a domain on this terminal. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "domains.h"
#include "say.h"
#include "verbs.h"

#define ESCAPE     0x1d /* Ctrl-], as xl's */
#define SHORT_MS   20   /* between two looks while something happens */
#define LONG_MS    100
#define LOOK_EVERY 8 /* turns between two looks whether it is still there */

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
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	is_raw = false;
}

static void make_raw(void)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved) < 0)
		return;
	raw = saved;
	cfmakeraw(&raw);
	/* Output is not only the domain's. */
	raw.c_oflag |= OPOST;
	atexit(restore);
	is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static bool put(const char *buf, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, buf, n);

		if (done < 0 && errno == EINTR && !stopped)
			continue;
		if (done <= 0)
			return false;
		buf += done;
		n -= (size_t)done;
	}
	return true;
}

/* All output that there is. 1: go on; 0: our own output is closed; -errno. */
static int drain(uint16_t domid, uint64_t *cursor)
{
	char buf[1024];
	int n;

	do {
		n = ctl_console_read(domid, cursor, buf, sizeof(buf));
		if (n > 0 && !put(buf, (size_t)n))
			return 0;
	} while (n > 0);
	return n < 0 ? n : 1;
}

/* How long to wait for keys: nothing tells us of output. */
static int patience(bool busy)
{
	static int quiet;

	quiet = busy ? 0 : quiet + 1;
	return quiet < 50 ? SHORT_MS : LONG_MS;
}

struct input {
	char buf[256];
	size_t n;
	bool open;
};

/* Passes on what is there, and reads more if there is room. False at the escape character. */
static bool feed(uint16_t domid, struct input *in, bool readable)
{
	ssize_t n;
	int sent;

	if (readable && in->n < sizeof(in->buf)) {
		n = read(STDIN_FILENO, in->buf + in->n, sizeof(in->buf) - in->n);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			in->open = false;
		for (ssize_t i = 0; i < n; i++) {
			if (is_raw && in->buf[in->n + (size_t)i] == ESCAPE)
				return false;
		}
		in->n += n > 0 ? (size_t)n : 0;
	}
	if (in->n) {
		sent = ctl_console_write(domid, in->buf, in->n);
		if (sent > 0) {
			in->n -= (size_t)sent;
			memmove(in->buf, in->buf + sent, in->n);
		}
	}
	return true;
}

/* 1: it has nothing more to say; 0: it may have; -errno. */
static int is_over(uint16_t domid)
{
	struct dm_domain d;
	int err = domain_get(domid, &d);

	if (err)
		return err == -ESRCH ? 1 : err;
	return d.state == DM_STATE_DYING || d.state == DM_STATE_SHUTDOWN ||
	       d.state == DM_STATE_CRASHED;
}

static int loop(uint16_t domid)
{
	struct input in = { .open = true };
	uint64_t cursor = 0;
	int over = 0;

	for (unsigned int turn = 0; !stopped; turn++) {
		struct pollfd fd = { .fd = in.open ? STDIN_FILENO : -1, .events = POLLIN };
		uint64_t before = cursor;
		int ret;

		/* Looked at before the last output is read: none of it is missed. */
		if (turn % LOOK_EVERY == 0)
			over = is_over(domid);
		if (over < 0)
			return over;
		ret = drain(domid, &cursor);
		if (ret <= 0 || over)
			return ret == 1 ? 0 : ret;
		if (poll(&fd, 1, patience(cursor != before || in.n)) < 0 && errno != EINTR)
			return -errno;
		if (!feed(domid, &in, fd.revents))
			return 0;
	}
	return 0;
}

int console_attach(uint16_t domid)
{
	const struct sigaction action = { .sa_handler = on_signal };
	int err;

	fflush(stdout);
	make_raw();
	/* Ctrl-C goes to the domain when stdin is a terminal; else it ends this. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	err = loop(domid);
	restore();
	return err == -ESRCH ? 0 : err;
}

int verb_console(const struct args *a)
{
	struct dm_domain d;
	int err;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	if (d.domid == 0)
		return domain_failed(&d, "this is Dom0; its console is where it speaks itself", 0);
	if (!(d.flags & DM_DOMAIN_CONSOLE))
		return domain_failed(&d, "it has no console", 0);
	if (isatty(STDIN_FILENO))
		fprintf(stderr, "%s: console of %s; Ctrl-] leaves it\n", program_name, d.name);
	err = console_attach(d.domid);
	return err ? domain_failed(&d, "can't read its console", err) : STATUS_OK;
}

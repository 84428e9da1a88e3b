/* SPDX-License-Identifier: Apache-2.0 */
#include "core/console.h"

#include "arch/spinlock.h"
#include "core/domain.h"
#include "core/irq.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

#define CTRL_A         1
#define SWITCH_COUNT   3   /* Ctrl-A's that move the input on */
#define DRAIN_MAX      256 /* characters taken in one interrupt; the line stays high for the rest */
#define SPEAKER_NOBODY 0xffff

/* What a domain that hasn't the focus has written of its current line. */
struct voice {
	bool heard;
	uint8_t len;
	char line[126];
};

static struct {
	const struct uart_ops *uart; /* constant after boot */
	console_input_fn *input;
	const struct console_key *keys;
	unsigned int nr_keys;

	struct spinlock lock;
	bool asleep;                      /* lock: between console_suspend() and console_resume() */
	uint64_t kept_from;               /* lock: log_end() at console_suspend() */
	bool mid_line;                    /* lock: the cursor isn't at the start of a line */
	uint16_t speaker;                 /* lock: domain whose text is before it */
	unsigned int nr_speakers;         /* lock: domains ever heard */
	struct domain *focus;             /* lock: NULL: Dormouse itself */
	bool focus_given;                 /* lock */
	uint16_t lost_by; /* id of the one that had the input and reboots; 0: nobody, or Dom0 */
	struct voice voices[MAX_DOMAINS]; /* lock */

	unsigned int ctrl_as; /* receiving CPU alone: not yet handed on */

	bool emergency; /* panic: no locks */
} con; /* console_init() sets the speaker: an initial value would put all of it into the image */

static void lock(void)
{
	if (!con.emergency)
		spin_lock(&con.lock);
}

static void unlock(void)
{
	if (!con.emergency)
		spin_unlock(&con.lock);
}

/* ---- output ---- */

/* A character that the port doesn't take in time is lost; the ring has Dormouse's own. */
static void out(char c)
{
	(void)con.uart->write(&c, 1);
}

static void out_text(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		(void)con.uart->write(text, (size_t)(stop - text));
		if (newline)
			(void)con.uart->write("\r\n", 2);
		text = newline ? newline + 1 : end;
	}
}

static void end_line(void)
{
	if (con.mid_line)
		out_text("\n", 1);
	con.mid_line = false;
}

static void out_mark(const struct domain *d)
{
	out('(');
	out_text(d->name, strnlen(d->name, sizeof(d->name)));
	out(')');
	out(' ');
}

/* Bytes of a domain as they are, but each line marked when there are several that speak. */
static void out_domain(const struct domain *d, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (con.speaker != d->id)
			end_line();
		con.speaker = d->id;
		/* The rest of a line end "\r\n" isn't the start of a line. */
		if (!con.mid_line && c != '\r' && con.nr_speakers > 1)
			out_mark(d);
		out(c);
		if (c != '\r')
			con.mid_line = c != '\n';
	}
}

static void flush_voice(struct voice *v, const struct domain *d)
{
	out_domain(d, v->line, v->len);
	v->len = 0;
}

void console_domain_put(struct domain *d, char c)
{
	struct voice *v = &con.voices[d->id % MAX_DOMAINS];

	lock();
	if (!con.uart || con.asleep)
		goto done;
	if (d->console_apart && con.focus != d)
		goto done; /* `dormouse console` has it */
	if (!v->heard) {
		v->heard = true;
		con.nr_speakers++;
	}
	/*
	 * Who has the focus is seen at once, prompts included. The others are seen in whole lines,
	 * so that domains which speak at the same time on different CPUs don't shred each other's.
	 */
	if (con.focus == d || con.nr_speakers == 1) {
		if (v->len)
			flush_voice(v, d);
		out_domain(d, &c, 1);
		goto done;
	}
	v->line[v->len++] = c;
	if (c == '\n' || v->len == sizeof(v->line))
		flush_voice(v, d);
done:
	unlock();
}

/* The log's sink: a whole line of Dormouse's. */
static void log_out(const char *line, size_t len)
{
	lock();
	if (!con.asleep) {
		end_line();
		out_text(line, len);
		con.speaker = SPEAKER_NOBODY;
	}
	unlock();
}

/* What the log's ring has from *pos on; a piece at a time, for the log's lock comes before ours. */
static void print_kept(uint64_t *pos)
{
	char piece[64];
	size_t len;

	while ((len = log_read(pos, piece, sizeof(piece)))) {
		lock();
		end_line();
		out_text(piece, len);
		unlock();
	}
}

/* ---- input ---- */

static void help(void)
{
	log_info("keys:");
	log_info("  h  this list");
	for (unsigned int i = 0; i < con.nr_keys; i++)
		log_info("  %c  %s", con.keys[i].key, con.keys[i].help);
	log_info("Ctrl-A three times: input to the next domain");
}

static void own_key(char c)
{
	if (c == 'h') {
		help();
		return;
	}
	for (unsigned int i = 0; i < con.nr_keys; i++) {
		if (con.keys[i].key == c) {
			con.keys[i].fn();
			return;
		}
	}
	if (c > ' ')
		log_info("no such key; h lists them");
}

void console_press(char c)
{
	own_key(c);
}

static void deliver(char c)
{
	struct domain *d;

	lock();
	d = con.focus;
	unlock();
	if (!d)
		own_key(c);
	else if (con.input)
		con.input(d, c);
}

/* The next domain with a console behind d (NULL: from the first on); NULL, Dormouse, behind the
 * last. */
static struct domain *next_focus(const struct domain *d)
{
	bool behind = !d;

	for (unsigned int i = 0; i < MAX_DOMAINS; i++) {
		struct domain *next = __atomic_load_n(&domains[i], __ATOMIC_ACQUIRE);

		if (behind && next && next->vuart &&
		    !__atomic_load_n(&next->dying, __ATOMIC_RELAXED))
			return next;
		if (d && next == d)
			behind = true;
	}
	return NULL;
}

/* What it hasn't finished is shown as it is; the next of its number begins anew. */
void console_forget(struct domain *d)
{
	struct voice *v = &con.voices[d->id % MAX_DOMAINS];
	bool had;

	lock();
	if (v->len && !con.asleep)
		flush_voice(v, d);
	if (v->heard)
		con.nr_speakers--;
	*v = (struct voice){ 0 };
	had = con.focus == d;
	if (had) {
		con.lost_by = d->reap.again ? d->id : 0;
		con.focus = next_focus(NULL);
	}
	d = con.focus;
	unlock();
	if (had)
		log_info("input to %s (Ctrl-A three times to switch)", d ? d->name : "Dormouse");
}

static void switch_focus(void)
{
	struct domain *d;

	lock();
	d = next_focus(con.focus);
	con.focus = d;
	if (d) {
		struct voice *v = &con.voices[d->id % MAX_DOMAINS];

		if (v->len)
			flush_voice(v, d);
	}
	unlock();
	if (d)
		log_info("input to %s (Ctrl-A three times to switch)", d->name);
	else
		log_info("input to Dormouse: h for help (Ctrl-A three times to switch)");
}

/* Fewer Ctrl-A's than it takes to switch are the guest's, once it is clear that no more follow. */
static void take_char(char c)
{
	if (c == CTRL_A) {
		if (++con.ctrl_as == SWITCH_COUNT) {
			con.ctrl_as = 0;
			switch_focus();
		}
		return;
	}
	for (; con.ctrl_as; con.ctrl_as--)
		deliver(CTRL_A);
	deliver(c);
}

static void drain(void)
{
	for (unsigned int i = 0; i < DRAIN_MAX; i++) {
		int c = con.uart->get();

		if (c < 0)
			return;
		take_char((char)c);
	}
}

static void rx_interrupt(uint32_t intid, void *ctx)
{
	(void)intid;
	(void)ctx;
	drain();
}

/* ---- life ---- */

int console_init(const struct uart_ops *uart, paddr_t base)
{
	uint64_t from = log_start();
	int err = uart->init(base);

	if (err)
		return err;
	con.uart = uart;
	con.speaker = SPEAKER_NOBODY;
	print_kept(&from);
	log_set_sink(log_out);
	return 0;
}

int console_start_input(uint32_t intid)
{
	int err;

	if (!con.uart || !intid)
		return -ENODEV;
	err = irq_request(intid, "console", rx_interrupt, NULL);
	if (err)
		return err;
	irq_set_wake(intid, true);
	irq_enable(intid);
	con.uart->rx_irq(true);
	return 0;
}

void console_set_input(console_input_fn *fn)
{
	con.input = fn;
}

void console_set_keys(const struct console_key *keys, unsigned int count)
{
	con.keys = keys;
	con.nr_keys = count;
}

void console_focus(struct domain *d)
{
	lock();
	if (!con.focus_given)
		con.focus = d;
	con.focus_given = true;
	unlock();
}

void console_come_back(struct domain *d)
{
	bool had;

	lock();
	had = con.lost_by == d->id;
	if (had) {
		con.focus = d;
		con.lost_by = 0;
	}
	unlock();
	if (had)
		log_info("input to %s (Ctrl-A three times to switch)", d->name);
}

struct domain *console_focused(void)
{
	struct domain *d;

	lock();
	d = con.focus;
	unlock();
	return d;
}

int console_suspend(void)
{
	uint64_t end = log_end();
	int err = 0;

	lock();
	if (con.uart && !con.asleep) {
		err = con.uart->suspend();
		if (!err) {
			con.asleep = true;
			con.kept_from = end;
		}
	}
	unlock();
	return err;
}

int console_resume(void)
{
	bool was_asleep;
	int err = 0;

	lock();
	was_asleep = con.asleep;
	if (was_asleep)
		err = con.uart->resume();
	unlock();
	if (!was_asleep || err)
		return err;
	/* The other CPUs are still off: nothing is logged between the last piece and the switch. */
	print_kept(&con.kept_from);
	lock();
	con.asleep = false;
	unlock();
	/* What came in meanwhile, should its interrupt have been lost with the power. */
	drain();
	return 0;
}

void console_emergency(void)
{
	con.emergency = true;
	if (con.uart && con.asleep) {
		con.asleep = false;
		con.uart->resume();
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who is seen and who is heard on the shared console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "core/console.h"
#include "core/domain.h"
#include "core/irq.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "lib/log.h"

/* ---- the port ---- */

static char sent[65536];
static unsigned int nr_sent;
static const char *received = "";
static bool port_asleep, rx_on;
static int suspend_err, resume_err, init_err;

static int port_init(paddr_t base)
{
	return init_err;
}

static size_t port_write(const char *text, size_t len)
{
	assert_false(port_asleep);
	assert_true(nr_sent + len < sizeof(sent));
	memcpy(sent + nr_sent, text, len);
	nr_sent += (unsigned int)len;
	return len;
}

static int port_get(void)
{
	assert_false(port_asleep);
	return *received ? (uint8_t)*received++ : -1;
}

static void port_rx_irq(bool on)
{
	rx_on = on;
}

static int port_suspend(void)
{
	port_asleep = !suspend_err;
	return suspend_err;
}

static int port_resume(void)
{
	if (!resume_err)
		port_asleep = false;
	return resume_err;
}

static const struct uart_ops port = {
	.init = port_init,
	.write = port_write,
	.get = port_get,
	.rx_irq = port_rx_irq,
	.suspend = port_suspend,
	.resume = port_resume,
};

/* ---- interrupts and domains ---- */

static irq_handler_fn *handler;
static bool wake, enabled;

int irq_request(uint32_t intid, const char *name, irq_handler_fn *fn, void *ctx)
{
	handler = fn;
	return intid == 99 ? -EBUSY : 0;
}

void irq_set_wake(uint32_t intid, bool on)
{
	wake = on;
}

void irq_enable(uint32_t intid)
{
	enabled = true;
}

struct domain *domains[MAX_DOMAINS];
static struct domain dom0 = { .id = 0, .name = "dom0", .vuart = (struct vuart *)&dom0 };
static struct domain dom1 = { .id = 1, .name = "guest", .vuart = (struct vuart *)&dom1 };
static struct domain mute = { .id = 2, .name = "mute" };

static char heard[MAX_DOMAINS][512];

static bool input(struct domain *d, char c)
{
	assert_int_equal(fake_locks_held, 0);
	heard[d->id][strlen(heard[d->id])] = c;
	return true;
}

static void type(const char *text)
{
	memset(heard, 0, sizeof(heard));
	received = text;
	handler(1, NULL);
	assert_int_equal(fake_locks_held, 0);
}

static void say(struct domain *d, const char *text)
{
	while (*text)
		console_domain_put(d, *text++);
}

static const char *seen(void)
{
	sent[nr_sent] = '\0';
	nr_sent = 0;
	return sent;
}

static unsigned int keys_pressed;

static void key_x(void)
{
	assert_int_equal(fake_locks_held, 0);
	keys_pressed++;
}

static const struct console_key keys[] = { { 'x', "do x", key_x } };

/* The console has one state for its life: the tests below are one story, in this order. */

static void before_it_is_there(void **state)
{
	say(&dom0, "lost");
	assert_int_equal(console_start_input(5), -ENODEV);
	log_info("early line");
	init_err = -ENODEV;
	assert_int_equal(console_init(&port, pa_make(0)), -ENODEV);
	init_err = 0;
	assert_int_equal(console_init(&port, pa_make(0)), 0);
	assert_string_equal(seen(), "(dormouse) early line\r\n");
	log_info("a line");
	assert_string_equal(seen(), "(dormouse) a line\r\n");
}

static void starting_input(void **state)
{
	assert_int_equal(console_start_input(0), -ENODEV);
	assert_int_equal(console_start_input(99), -EBUSY);
	assert_false(rx_on);
	assert_int_equal(console_start_input(33), 0);
	assert_true(rx_on && wake && enabled);
	console_set_input(input);
	console_set_keys(keys, ARRAY_SIZE(keys));
}

static void keys_of_its_own(void **state)
{
	type("x");
	assert_int_equal(keys_pressed, 1);
	seen();
	type("h");
	assert_non_null(strstr(seen(), "(dormouse)   x  do x\r\n"));
	type("?");
	assert_non_null(strstr(seen(), "no such key"));
	type("\r\n");
	assert_string_equal(seen(), "");
}

static void one_domain_passes_as_it_is(void **state)
{
	domains[0] = &dom0;
	console_focus(&dom0);
	say(&dom0, "Booting\r\nlogin: ");
	assert_string_equal(seen(), "Booting\r\nlogin: ");
	/* Dormouse never speaks within a line. */
	log_info("event");
	assert_string_equal(seen(), "\r\n(dormouse) event\r\n");
	say(&dom0, "root\r\n");
	assert_string_equal(seen(), "root\r\n");
	log_info("event");
	assert_string_equal(seen(), "(dormouse) event\r\n");
}

static void ctrl_a(void **state)
{
	type("ab");
	assert_string_equal(heard[0], "ab");
	type("\001");
	assert_string_equal(heard[0], ""); /* not yet known whose it is */
	type("b");
	assert_string_equal(heard[0], "\001b");
	type("\001\001c");
	assert_string_equal(heard[0], "\001\001c");
	seen();
	type("\001\001\001");
	assert_string_equal(heard[0], "");
	assert_non_null(strstr(seen(), "input to Dormouse"));
	type("x");
	assert_int_equal(keys_pressed, 2);
	type("\001\001\001y");
	assert_non_null(strstr(seen(), "input to dom0"));
	assert_string_equal(heard[0], "y");
	/* Interrupts in between make no difference. */
	type("\001");
	type("\001");
	type("z");
	assert_string_equal(heard[0], "\001\001z");
}

static void focus_goes_round(void **state)
{
	domains[1] = &dom1;
	domains[2] = &mute;   /* has no console */
	console_focus(&dom1); /* the first keeps it */
	type("a");
	assert_string_equal(heard[0], "a");
	type("\001\001\001b");
	assert_string_equal(heard[1], "b");
	type("\001\001\001x");
	assert_int_equal(keys_pressed, 3);
	type("\001\001\001c");
	assert_string_equal(heard[0], "c");
	seen();
}

static void several_are_marked(void **state)
{
	say(&dom0, "prompt> ");
	assert_string_equal(seen(), "prompt> ");
	say(&dom1, "hel");
	assert_string_equal(seen(), ""); /* kept until the line is whole */
	say(&dom0, "ls\r\n");
	assert_string_equal(seen(), "ls\r\n");
	say(&dom1, "lo\r\n");
	assert_string_equal(seen(), "(guest) hello\r\n");
	say(&dom0, "$ ");
	assert_string_equal(seen(), "(dom0) $ "); /* the focus doesn't wait */
	say(&dom1, "tick\r\n");
	assert_string_equal(seen(), "\r\n(guest) tick\r\n");
	say(&dom0, "pwd\r\n/\r\n");
	assert_string_equal(seen(), "(dom0) pwd\r\n(dom0) /\r\n");
	log_info("event");
	assert_string_equal(seen(), "(dormouse) event\r\n");
}

static void one_that_is_apart_is_seen_in_focus(void **state)
{
	dom1.console_apart = true;
	say(&dom1, "unseen\r\n");
	assert_string_equal(seen(), "");
	type("\001\001\001");
	seen();
	say(&dom1, "seen\r\n");
	assert_string_equal(seen(), "(guest) seen\r\n");
	type("\001\001\001");
	type("\001\001\001");
	seen();
	say(&dom1, "unseen again\r\n");
	assert_string_equal(seen(), "");
	dom1.console_apart = false;
}

static void a_kept_line_follows_the_focus(void **state)
{
	say(&dom1, "login: ");
	assert_string_equal(seen(), "");
	type("\001\001\001");
	assert_string_equal(seen(),
	                    "(guest) login: \r\n(dormouse) input to guest (Ctrl-A three times "
	                    "to switch)\r\n");
	say(&dom1, "me");
	assert_string_equal(seen(), "(guest) me");
	say(&dom1, "\r\n");
	type("\001\001\001\001\001\001");
	seen();
}

static void endless_lines(void **state)
{
	char big[400];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	say(&dom1, big);
	say(&dom1, "\n");
	assert_int_equal(nr_sent, 8 + 399 + 1);
	seen();
}

/* One that is destroyed isn't typed to any more, and the next one of its number doesn't end its line. */
static void one_that_goes(void **state)
{
	say(&dom1, "bye");
	assert_string_equal(seen(), "");
	dom1.dying = true;
	console_forget(&dom1);
	assert_string_equal(seen(), "(guest) bye");
	type("\001\001\001");
	assert_string_equal(seen(), "\r\n(dormouse) input to Dormouse: h for help (Ctrl-A three times to switch)\r\n");
	type("\001\001\001");
	assert_non_null(strstr(seen(), "input to dom0"));
	dom1.dying = false;
	type("\001\001\001a");
	assert_string_equal(heard[1], "a");
	seen();
	dom1.dying = true;
	console_forget(&dom1);
	assert_string_equal(seen(), "(dormouse) input to dom0 (Ctrl-A three times to switch)\r\n");
	type("b");
	assert_string_equal(heard[0], "b");
	dom1.dying = false;
	say(&dom1, "new");
	assert_string_equal(seen(), "");
	say(&dom1, "\n");
	assert_string_equal(seen(), "(guest) new\n");
}

static void bounded_drain(void **state)
{
	static char flood[2000];

	memset(flood, 'f', sizeof(flood) - 1);
	received = flood;
	memset(heard, 0, sizeof(heard));
	handler(1, NULL);
	assert_int_equal(strlen(heard[0]), 256);
	received = "";
}

static void asleep(void **state)
{
	seen();
	suspend_err = -ETIMEDOUT;
	assert_int_equal(console_suspend(), -ETIMEDOUT);
	log_info("still up");
	assert_string_equal(seen(), "(dormouse) still up\r\n");
	suspend_err = 0;
	assert_int_equal(console_suspend(), 0);
	log_info("kept one");
	log_info("kept two");
	say(&dom0, "nowhere");
	assert_string_equal(seen(), "");
	memset(heard, 0, sizeof(heard));
	received = "w"; /* what woke the machine */
	assert_int_equal(console_resume(), 0);
	assert_string_equal(seen(), "(dormouse) kept one\r\n(dormouse) kept two\r\n");
	assert_string_equal(heard[0], "w");
	assert_int_equal(console_resume(), 0);
	assert_string_equal(seen(), "");
}

static void a_port_that_does_not_come_back(void **state)
{
	assert_int_equal(console_suspend(), 0);
	resume_err = -ETIMEDOUT;
	assert_int_equal(console_resume(), -ETIMEDOUT);
	log_info("into the ring");
	resume_err = 0;
	assert_int_equal(console_resume(), 0);
	assert_string_equal(seen(), "(dormouse) into the ring\r\n");
}

static void emergency(void **state)
{
	assert_int_equal(console_suspend(), 0);
	console_emergency();
	fake_locks_held = 0;
	log_info("last words");
	assert_string_equal(seen(), "(dormouse) last words\r\n");
	assert_int_equal(fake_locks_held, 0); /* takes none */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_it_is_there),
		cmocka_unit_test(starting_input),
		cmocka_unit_test(keys_of_its_own),
		cmocka_unit_test(one_domain_passes_as_it_is),
		cmocka_unit_test(ctrl_a),
		cmocka_unit_test(focus_goes_round),
		cmocka_unit_test(several_are_marked),
		cmocka_unit_test(one_that_is_apart_is_seen_in_focus),
		cmocka_unit_test(a_kept_line_follows_the_focus),
		cmocka_unit_test(endless_lines),
		cmocka_unit_test(one_that_goes),
		cmocka_unit_test(bounded_drain),
		cmocka_unit_test(asleep),
		cmocka_unit_test(a_port_that_does_not_come_back),
		cmocka_unit_test(emergency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

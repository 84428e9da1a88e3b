// SPDX-License-Identifier: Apache-2.0
/* `console`: what a domain says and hears, and what ends it. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "say.h"
#include "tool_capture.h"
#include "tool_ctl.h"
#include "verbs.h"

static struct fake_domain *web;

static int reset(void **state)
{
	(void)state;
	fake_reset();
	web = fake_add(3, "web");
	web->dm.flags |= DM_DOMAIN_CONSOLE;
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	capture_free();
	fake_reset();
	return 0;
}

/* console_attach(3) with this for standard input; what it wrote is in `out`, unless nobody reads. */
static int attach(int input, char *out, size_t size)
{
	int in = dup(STDIN_FILENO), old = dup(STDOUT_FILENO), to[2], err;
	ssize_t n = 0;

	fflush(stdout);
	assert_int_equal(pipe(to), 0);
	dup2(input, STDIN_FILENO);
	dup2(to[1], STDOUT_FILENO);
	close(to[1]);
	if (!out)
		close(to[0]);
	err = console_attach(3);
	dup2(in, STDIN_FILENO);
	dup2(old, STDOUT_FILENO);
	close(in);
	close(old);
	if (out) {
		n = read(to[0], out, size - 1);
		close(to[0]);
		out[n > 0 ? n : 0] = 0;
	}
	return err;
}

/* The end of a pipe out of which this can be read, and then its end. */
static int text(const char *what)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], what, strlen(what)), strlen(what));
	close(fd[1]);
	return fd[0];
}

static void test_all_output(void **state)
{
	static char much[5000];
	static char out[8192];
	int in = text("");

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	memcpy(much + sizeof(much) - 6, "last", 4);
	web->output = much;
	assert_int_equal(attach(in, out, sizeof(out)), 0);
	assert_string_equal(out, much);
	close(in);
}

static void test_input(void **state)
{
	char out[64];
	int in = text("ls -l\n");

	(void)state;
	/* It's gone before it can be asked once more. */
	fake.fail = "console_read";
	fake.err = ESRCH;
	fake.fail_after = 2;
	web->output = "# ";
	assert_int_equal(attach(in, out, sizeof(out)), 0);
	assert_string_equal(out, "# ");
	assert_string_equal(web->input, "ls -l\n");
	close(in);
}

static void test_errors(void **state)
{
	char out[64];
	int in = text("");

	(void)state;
	fake.fail = "console_read";
	fake.err = EPERM;
	assert_int_equal(attach(in, out, sizeof(out)), -EPERM);
	fake.fail = "domains";
	assert_int_equal(attach(in, out, sizeof(out)), -EPERM);
	close(in);
}

static void test_nobody_reads(void **state)
{
	int in = text("");

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	web->output = "to whom?";
	assert_int_equal(attach(in, NULL, 0), 0);
	assert_int_equal(web->dm.state, DM_STATE_RUNNING);
	close(in);
}

/* A terminal is raw meanwhile, so that Ctrl-C is the domain's; Ctrl-] leaves, and it is as before. */
static void test_terminal(void **state)
{
	struct termios before, after;
	char out[64];
	int user, terminal;

	(void)state;
	assert_int_equal(openpty(&user, &terminal, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(terminal, &before), 0);
	/* Not to be edited or taken for a signal before it is raw. */
	after = before;
	cfmakeraw(&after);
	assert_int_equal(tcsetattr(terminal, TCSANOW, &after), 0);
	assert_int_equal(write(user, "\003\035", 2), 2);
	web->output = "login: ";
	/* It was left before it was asked again. */
	fake.fail = "console_read";
	fake.err = EPERM;
	fake.fail_after = 2;
	assert_int_equal(attach(terminal, out, sizeof(out)), 0);
	assert_string_equal(out, "login: ");
	assert_string_equal(web->input, "");
	assert_int_equal(tcgetattr(terminal, &before), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	close(user);
	close(terminal);
}

static void test_verb(void **state)
{
	(void)state;
	assert_int_equal(run_tool("console nobody"), STATUS_FAIL);
	assert_int_equal(run_tool("console Domain-0"), STATUS_FAIL);
	assert_non_null(strstr(err_text, "this is Dom0"));
	web->dm.flags = 0;
	assert_int_equal(run_tool("console web"), STATUS_FAIL);
	assert_non_null(strstr(err_text, "it has no console"));
	web->dm.flags = DM_DOMAIN_CONSOLE;
	fake.fail = "console_read";
	fake.err = EPERM;
	assert_int_equal(run_tool("console web"), STATUS_FAIL);
	assert_non_null(strstr(err_text, "can't read its console"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_output, reset, tidy),
		cmocka_unit_test_setup_teardown(test_input, reset, tidy),
		cmocka_unit_test_setup_teardown(test_errors, reset, tidy),
		cmocka_unit_test_setup_teardown(test_nobody_reads, reset, tidy),
		cmocka_unit_test_setup_teardown(test_terminal, reset, tidy),
		cmocka_unit_test_setup_teardown(test_verb, reset, tidy),
	};

	return cmocka_run_group_tests_name("tool console", tests, NULL, NULL);
}

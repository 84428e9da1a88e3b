// SPDX-License-Identifier: Apache-2.0
/* The tool's verbs: what they print, to the letter where xl prints it, and their exit statuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
	web->info.running = false;
	web->info.blocked = true;
	web->vcpus[0].running = false;
	web->vcpus[0].blocked = true;
	web->dm.cpu_time_ns = 1260000000;
	web->dm.tot_pages = 128 * 256 - 1;
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	capture_free();
	fake_reset();
	return 0;
}

#define assert_out(text) assert_string_equal(out_text, text)
#define assert_err(text)                                               \
	do {                                                           \
		if (!strstr(err_text, text))                           \
			fail_msg("no \"%s\" in:\n%s", text, err_text); \
	} while (0)

static void test_list(void **state)
{
	(void)state;
	assert_int_equal(run_tool("list"), 0);
	assert_out(
	        "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
	        "Domain-0                                     0   256     1     r-----      22.4\n"
	        "web                                          3   128     1     -b----       "
	        "1.3\n");
	assert_int_equal(run_tool("list web"), 0);
	assert_null(strstr(out_text, "Domain-0"));
	assert_int_equal(run_tool("list 3 Domain-0"), 0);
	assert_non_null(strstr(out_text, "web"));
	assert_int_equal(run_tool("list nobody"), 1);
	assert_string_equal(err_text, "dormouse: there is no domain \"nobody\"; `dormouse list` "
	                              "shows those that there are\n");
	assert_out("");
	assert_int_equal(run_tool("list -v"), 0);
	assert_non_null(strstr(out_text, "00000000-0000-0000-0000-000000000000"));
	assert_int_equal(run_tool("list --json"), 0);
	assert_json(out_text);
	assert_non_null(strstr(out_text, "\"name\": \"web\""));
	assert_non_null(strstr(out_text, "\"cpu_time_s\": 1.260000000"));
	assert_int_equal(run_tool("list -l"), 0);
	assert_json(out_text);
	fake.fail = "domains";
	fake.err = EPERM;
	assert_int_equal(run_tool("list"), 1);
	assert_err("only Dom0 may do this");
}

static void test_state_letters(void **state)
{
	static const struct {
		enum dm_domain_state state;
		uint8_t reason;
		unsigned int pauses;
		bool running, blocked;
		const char *letters;
	} cases[] = {
		{ DM_STATE_RUNNING, 0xff, 0, true, false, "r-----" },
		{ DM_STATE_RUNNING, 0xff, 0, false, true, "-b----" },
		{ DM_STATE_RUNNING, 0xff, 0, false, false, "------" },
		{ DM_STATE_RUNNING, 0xff, 2, false, false, "--p---" },
		{ DM_STATE_BUILDING, 0xff, 1, false, false, "--p---" },
		{ DM_STATE_SUSPENDED, 0xff, 0, false, true, "---ss-" },
		{ DM_STATE_SUSPENDED, 0xff, 1, false, true, "--pss-" },
		{ DM_STATE_SHUTDOWN, 0, 0, false, false, "---s--" },
		{ DM_STATE_SHUTDOWN, 1, 0, false, false, "---sr-" },
		{ DM_STATE_SHUTDOWN, 4, 0, false, false, "---sw-" },
		{ DM_STATE_SHUTDOWN, 77, 0, false, false, "---s?-" },
		{ DM_STATE_CRASHED, 3, 0, false, false, "---sc-" },
		{ DM_STATE_DYING, 0xff, 1, false, false, "--p--d" },
	};
	char letters[7];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct dm_domain d = { .state = (uint8_t)cases[i].state,
			                     .shutdown_reason = cases[i].reason,
			                     .pause_count = cases[i].pauses };

		list_state_letters(&d, cases[i].running, cases[i].blocked, letters);
		assert_string_equal(letters, cases[i].letters);
	}
}

static void test_vcpu_list(void **state)
{
	(void)state;
	web->dm.nr_vcpus = 2;
	web->vcpus[0].cpu = 1;
	web->vcpus[0].affinity = 2;
	web->vcpus[1].affinity = UINT64_MAX;
	assert_int_equal(run_tool("vcpu-list web"), 0);
	assert_out(
	        "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard "
	        "/ Soft)\n"
	        "web                                  3     0     1   -b-       0.0  1 / all\n"
	        "web                                  3     1     -   --p       0.0  all / all\n");
	assert_int_equal(run_tool("vcpu-list --json"), 0);
	assert_json(out_text);
	assert_int_equal(run_tool("vcpu-pin web 1 0-1"), 0);
	assert_int_equal(web->vcpus[1].affinity, 3);
	assert_int_equal(run_tool("vcpu-pin web all ^0"), 0);
	assert_true(web->vcpus[0].affinity == ~UINT64_C(1));
	assert_int_equal(run_tool("vcpu-pin web 2 0"), 1);
	assert_err("domain web has no vCPU \"2\"; it has 2");
	assert_int_equal(run_tool("vcpu-pin web 0 7"), 1);
	assert_err("the machine has none of the CPUs \"7\"");
	assert_int_equal(run_tool("vcpu-pin web 0 x"), 1);
}

static void test_cpu_lists(void **state)
{
	char text[160];

	(void)state;
	list_cpus(0x2b, 0xff, text, sizeof(text));
	assert_string_equal(text, "0-1,3,5");
	list_cpus(UINT64_MAX, 0xff, text, sizeof(text));
	assert_string_equal(text, "all");
	list_cpus(UINT64_C(1) << 63, UINT64_MAX, text, sizeof(text));
	assert_string_equal(text, "63");
	list_cpus(UINT64_C(0x5555555555555555), UINT64_MAX, text, sizeof(text));
	assert_int_equal(strlen(text), 5 * 2 + 27 * 3 - 1);
}

static void test_pause(void **state)
{
	(void)state;
	assert_int_equal(run_tool("pause web"), 0);
	assert_out("");
	assert_int_equal(web->dm.pause_count, 1);
	assert_int_equal(run_tool("suspend web"), 1);
	assert_err("it is paused and can't hear its sleep key");
	assert_int_equal(run_tool("unpause web"), 0);
	assert_int_equal(run_tool("unpause web"), 1);
	assert_string_equal(err_text, "dormouse: domain web (3): can't unpause it: it is not "
	                              "paused\n");
	assert_int_equal(run_tool("pause 0"), 1);
	assert_int_equal(run_tool("pause nobody"), 1);
}

/* Right after the machine's sleep. */
static void test_frozen_ones_go_on_when_asked(void **state)
{
	(void)state;
	fake.freezing = true;
	assert_int_equal(run_tool("suspend -w web"), 0);
	assert_int_equal(fake.ready, 1);
	fake.freezing = true;
	assert_int_equal(run_tool("shutdown web"), 0);
	assert_int_equal(fake.ready, 2);
}

/* However long each look takes. */
static void test_suspend_gives_up_in_time(void **state)
{
	struct timespec begin, end;

	(void)state;
	fake.deaf = true;
	fake.slow_ms = 200;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(run_tool("suspend -w -t 500ms web"), 1);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_err("it has not suspended itself in time");
	assert_true(end.tv_sec - begin.tv_sec <= 2);
}

static void test_suspend_resume(void **state)
{
	(void)state;
	assert_int_equal(run_tool("resume web"), 1);
	assert_err("it is not suspended");
	assert_int_equal(run_tool("suspend -w web"), 0);
	assert_int_equal(web->key, DM_KEY_SLEEP);
	assert_int_equal(run_tool("suspend web"), 1);
	assert_err("it is suspended already");
	assert_int_equal(run_tool("list web"), 0);
	assert_non_null(strstr(out_text, " ---ss- "));
	web->dm.wake_sources &= ~(uint32_t)DM_WAKE_COMMAND;
	assert_int_equal(run_tool("resume web"), 1);
	assert_err("wakeup enable DOMAIN command");
	web->dm.wake_sources = DM_WAKE_ALL;
	web->dm.pause_count = 1;
	assert_int_equal(run_tool("resume web"), 0);
	assert_err("warning: domain web is paused, too");
	assert_int_equal(run_tool("suspend 0"), 1);
	assert_err("Dom0 has no such key");
	web->dm.pause_count = 0;
	fake.fail = "key";
	fake.err = EBUSY;
	assert_int_equal(run_tool("suspend web"), 1);
	assert_err("can't ask it to suspend: it is running");
	assert_int_equal(run_tool("suspend web -t never"), 2);
}

static void test_shutdown(void **state)
{
	struct fake_domain *db = fake_add(4, "db");

	(void)state;
	assert_int_equal(run_tool("shutdown"), 2);
	assert_int_equal(run_tool("shutdown -a web"), 2);
	web->dm.state = DM_STATE_SUSPENDED;
	assert_int_equal(run_tool("shutdown -w web"), 0); /* wakes it first */
	assert_int_equal(web->key, DM_KEY_POWER);
	assert_int_equal(run_tool("shutdown web"), 1);
	assert_err("it is down already");
	assert_int_equal(run_tool("shutdown -aw"), 0);
	assert_int_equal(db->key, DM_KEY_POWER);
	db->dm.state = DM_STATE_RUNNING;
	assert_int_equal(run_tool("reboot db"), 0);
	assert_int_equal(db->key, DM_KEY_RESTART);
}

/* One that Xen's own tools made: its name is in Xenstore, and it has no keys. */
static void test_xenstore(void **state)
{
	(void)state;
	web->dm.name[0] = 0;
	fake.fail = "key";
	fake.err = EOPNOTSUPP;
	assert_int_equal(run_tool("shutdown 3"), 1);
	assert_err("it has no sleep and power keys");
	fake.store_name = "foreign";
	assert_int_equal(run_tool("domid foreign"), 0);
	assert_out("3\n");
	assert_int_equal(run_tool("shutdown foreign"), 0);
	assert_string_equal(fake.store_asked, "poweroff");
	assert_int_equal(run_tool("reboot foreign"), 0);
	assert_string_equal(fake.store_asked, "reboot");
	assert_int_equal(run_tool("suspend foreign"), 1);
}

static void test_destroy(void **state)
{
	(void)state;
	assert_int_equal(run_tool("destroy 0"), 1);
	fake.fail = "destroy";
	fake.err = EBUSY;
	assert_int_equal(run_tool("destroy web"), 1);
	assert_int_equal(web->dm.pause_count, 0); /* as before */
	fake.fail = NULL;
	assert_int_equal(run_tool("destroy web"), 0);
	assert_int_equal(fake.nr, 1);
	assert_int_equal(run_tool("destroy web"), 1);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(run_tool("domid web"), 0);
	assert_out("3\n");
	assert_int_equal(run_tool("domname 0"), 0);
	assert_out("Domain-0\n");
	assert_int_equal(run_tool("rename web www"), 0);
	assert_string_equal(web->dm.name, "www");
	assert_int_equal(run_tool("rename www 7"), 1);
	assert_err("it would be taken for a number");
	fake_add(5, "db");
	assert_int_equal(run_tool("rename db www"), 1);
	assert_err("another domain has that name");
	assert_int_equal(run_tool("--complete domains"), 0);
	assert_out("Domain-0\nwww\ndb\n");
}

static void test_sched(void **state)
{
	(void)state;
	assert_int_equal(run_tool("sched"), 0);
	assert_out("Name                                ID Weight  Cap\n"
	           "Domain-0                             0    256    0\n"
	           "web                                  3    256    0\n");
	assert_int_equal(run_tool("sched web --weight 512"), 0);
	assert_int_equal(run_tool("sched-credit2 -d web -c 50"), 0);
	assert_int_equal(web->dm.weight, 512);
	assert_int_equal(web->dm.cap, 50);
	assert_int_equal(run_tool("sched web -w 0"), 2);
	assert_int_equal(run_tool("sched -w 5"), 2);
	assert_int_equal(run_tool("sched --json"), 0);
	assert_json(out_text);
}

static void test_info(void **state)
{
	(void)state;
	assert_int_equal(run_tool("info"), 0);
	assert_non_null(strstr(out_text, "nr_cpus                : 2\n"));
	assert_non_null(strstr(out_text, "free_memory            : 512\n"));
	assert_non_null(strstr(out_text, "virt_caps              : hvm hap gnttab-v1\n"));
	assert_non_null(strstr(out_text, "xen_version            : 4.17.0-dormouse\n"));
	assert_non_null(strstr(out_text, "xen_scheduler          : credit2\n"));
	assert_int_equal(run_tool("info --json"), 0);
	assert_json(out_text);
	fake.fail = "info";
	fake.err = ENOSYS;
	assert_int_equal(run_tool("info"), 1);
	assert_err("is it Dormouse");
}

static void test_dmesg_and_console(void **state)
{
	(void)state;
	fake.log = "(dormouse) one\n(dormouse) two\n";
	assert_int_equal(run_tool("dmesg -c"), 0);
	assert_out("(dormouse) one\n(dormouse) two\n");
	assert_int_equal(run_tool("dmesg"), 0);
	assert_out("");
	web->dm.flags &= ~(uint32_t)DM_DOMAIN_CONSOLE;
	assert_int_equal(run_tool("console web"), 1);
	assert_err("it has no console");
	assert_int_equal(run_tool("console 0"), 1);
}

static void test_blockers(void **state)
{
	(void)state;
	assert_int_equal(run_tool("blockers"), 0);
	assert_out("Nothing: the machine may sleep.\n");
	assert_int_equal(run_tool("blockers --json"), 0);
	assert_out("[]\n");
	fake.nr_blockers = 2;
	fake.blockers[0] = (struct dm_blocker) { .domid = 3,
		                                 .name = "web",
		                                 .reason = "has to suspend itself first" };
	fake.blockers[1] = (struct dm_blocker) { .domid = DM_DOMID_NONE,
		                                 .name = "drivers",
		                                 .reason = "smmu can't" };
	assert_int_equal(run_tool("blockers"), 0);
	assert_out("Name     ID  Why the machine can't sleep now\n"
	           "web       3  has to suspend itself first\n"
	           "drivers   -  smmu can't\n");
	assert_int_equal(run_tool("blockers --json"), 0);
	assert_json(out_text);
	assert_int_equal(run_tool("sleep"), 1);
	assert_err("nothing was stopped");
	assert_err("  domain web: has to suspend itself first\n");
}

static void test_wakeup(void **state)
{
	(void)state;
	assert_int_equal(run_tool("wakeup disable web console device"), 0);
	assert_int_equal(web->dm.wake_sources, DM_WAKE_ALL & ~(DM_WAKE_CONSOLE | DM_WAKE_DEVICE));
	assert_int_equal(run_tool("wakeup enable web device"), 0);
	web->dm.last_wake = DM_WAKE_ALARM;
	web->dm.last_wake_id = 33;
	strcpy(web->dm.last_wake_name, "rtc");
	assert_int_equal(run_tool("wakeup"), 0);
	assert_out("Name  ID  State    May wake it                     May not  Woken last by\n"
	           "web    3  running  alarm device event key command  console  alarm 33 (rtc)\n");
	assert_int_equal(run_tool("wakeup list web --json"), 0);
	assert_json(out_text);
	assert_int_equal(run_tool("wakeup disable web all"), 0);
	assert_int_equal(web->dm.wake_sources, 0);
	assert_int_equal(run_tool("wakeup disable web"), 2);
	assert_int_equal(run_tool("wakeup disable web moon"), 2);
	assert_err("there is no wake-up source \"moon\"");
	assert_int_equal(run_tool("wakeup tickle web"), 2);
	assert_int_equal(run_tool("wakeup enable 0 key"), 1);
}

static void test_policy(void **state)
{
	(void)state;
	assert_int_equal(run_tool("policy web host_suspend=veto time=frozen veto_ms=500"), 0);
	assert_int_equal(run_tool("policy"), 0);
	assert_out("Name  ID  Host suspend  Time    Veto (ms)\n"
	           "web    3  veto          frozen        500\n");
	assert_int_equal(run_tool("policy web --json"), 0);
	assert_json(out_text);
	assert_int_equal(run_tool("policy web host-suspend=require"), 0);
	assert_int_equal(web->policy.host_suspend, DM_HOST_SUSPEND_REQUIRE);
	assert_int_equal(run_tool("policy web time=warp"), 2);
	assert_err("time can't be \"warp\"; it is continuous or frozen");
	assert_int_equal(run_tool("policy web veto_ms=0"), 2);
	assert_int_equal(run_tool("policy web colour=red"), 2);
	assert_int_equal(run_tool("policy 0 time=frozen"), 1);
}

static void test_top(void **state)
{
	(void)state;
	assert_int_equal(run_tool("top -d 10ms"), 0);
	assert_non_null(strstr(out_text, "2 CPUs 0.0% busy, 2 domains"));
	assert_non_null(strstr(out_text, " 3  web       running"));
	assert_null(strchr(out_text, '\033')); /* no terminal, no control */
	assert_int_equal(run_tool("top -b -n 2 -d 10ms"), 0);
	assert_int_equal(run_tool("top --json -d 10ms"), 0);
	assert_json(out_text);
	assert_int_equal(run_tool("top -n 0"), 2);
	assert_int_equal(run_tool("top -d x"), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, tidy)
	const struct CMUnitTest tests[] = {
		TEST(test_list),
		TEST(test_state_letters),
		TEST(test_vcpu_list),
		TEST(test_cpu_lists),
		TEST(test_pause),
		TEST(test_suspend_resume),
		TEST(test_suspend_gives_up_in_time),
		TEST(test_frozen_ones_go_on_when_asked),
		TEST(test_shutdown),
		TEST(test_destroy),
		TEST(test_xenstore),
		TEST(test_names),
		TEST(test_sched),
		TEST(test_info),
		TEST(test_dmesg_and_console),
		TEST(test_blockers),
		TEST(test_wakeup),
		TEST(test_policy),
		TEST(test_top),
	};

	return cmocka_run_group_tests_name("tool_verbs", tests, NULL, NULL);
}

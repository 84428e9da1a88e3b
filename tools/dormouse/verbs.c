// SPDX-License-Identifier: Apache-2.0
/* The table of the verbs. Names, words and options are xl's where xl has the verb. */
#include "verbs.h"

#define END                         \
	{                           \
		0, NULL, NULL, NULL \
	}

static const struct opt json_only[] = { JSON_OPTION, END };

static const struct opt list_opts[] = {
	{ 'l', "long", NULL, "all that is known, as JSON (like --json)" },
	{ 'v', "verbose", NULL, "UUIDs and shutdown reasons, too" },
	JSON_OPTION,
	END,
};

static const struct opt create_opts[] = {
	{ 'f', "defconfig", "FILE", "the configuration file" },
	{ 'p', "paused", NULL, "leave the domain paused" },
	{ 'c', "console", NULL, "attach to its console" },
	{ 'F', "foreground", NULL, "stay in the foreground until the domain's end" },
	{ 'e', NULL, NULL, "don't wait for the domain's end: its on_* actions have no effect" },
	{ 'n', "dryrun", NULL, "only check the configuration and print it as JSON" },
	{ 'q', "quiet", NULL, "no progress, no success message" },
	END,
};

static const struct opt suspend_opts[] = {
	{ 'w', "wait", NULL, "wait until it has suspended itself" },
	{ 't', "timeout", "T", "with -w, how long (default 60s)" },
	END,
};

static const struct opt shutdown_opts[] = {
	{ 'a', "all", NULL, "all domains but Dom0" },
	{ 'w', "wait", NULL, "wait until it is down" },
	{ 't', "timeout", "T", "with -w, how long (default 5m)" },
	{ 'F', NULL, NULL, "as xl's: use the power key if nothing else works; it is always used" },
	END,
};

static const struct opt destroy_opts[] = {
	{ 'f', NULL, NULL, "as xl's; Dom0 can't be destroyed nevertheless" },
	END,
};

static const struct opt console_opts[] = {
	{ 't', "type", "TYPE", "serial, pv or vuart: there is one console, whatever is asked for" },
	{ 'n', "num", "N", "only 0 is there" },
	END,
};

static const struct opt dmesg_opts[] = {
	{ 'c', "clear", NULL, "clear it after reading" },
	END,
};

static const struct opt info_opts[] = {
	{ 'n', "numa", NULL, "as xl's: there is one node" },
	JSON_OPTION,
	END,
};

static const struct opt sched_opts[] = {
	{ 'd', "domain", "DOMAIN", "as xl's: the domain" },
	{ 'w', "weight", "N", "its share, 1 to 65535; the default is 256" },
	{ 'c', "cap", "PERCENT", "at most so much of one CPU (200: two CPUs); 0: no limit" },
	{ 's', "schedparam", NULL, "as xl's, without effect" },
	JSON_OPTION,
	END,
};

static const struct opt pin_opts[] = {
	{ 'f', "force", NULL, "as xl's, without effect" },
	END,
};

static const struct opt sleep_opts[] = {
	{ 'w', "wake-in", "T", "wake by the clock's alarm after 30s, 5m, 2h" },
	{ 'f', "fault", "LIST", "go wrong there, as debug-power= has it (fail:rtc,...)" },
	{ 't', "test", "LEVEL", "turn back after check, freeze, cpus, devices or core" },
	{ 'q', "quiet", NULL, "print only what failed" },
	END,
};

static const struct opt journal_opts[] = {
	{ 'n', "last", "N", "only the last N sleeps" },
	{ 'c', "cycle", "N", "the steps of that cycle instead of the last one's" },
	{ 's', "short", NULL, "no table of steps" },
	JSON_OPTION,
	END,
};

static const struct opt top_opts[] = {
	{ 'd', "delay", "S", "seconds between two turns (default 2)" },
	{ 'n', "turns", "N", "end after so many" },
	{ 'i', "iterations", "N", "as xentop's: the same as -n" },
	{ 'b', "batch", NULL, "one turn below the other, for files and pipes" },
	JSON_OPTION,
	END,
};

const struct verb verbs[] = {
	{ "list", "[DOMAIN]...", 0, -1, "List domains",
	  "\nState: r running, b blocked, p paused, s shut down, then why (s suspended, c "
	  "crashed,\n"
	  "r reboot), d dying. A suspended domain is ---ss-.\n",
	  list_opts, verb_list, false },
	{ "info", "", 0, 0, "Print what is known of the machine and the hypervisor", NULL,
	  info_opts, verb_info, false },
	{ "vcpu-list", "[DOMAIN]...", 0, -1, "List vCPUs, where they run and where they may run",
	  NULL, json_only, verb_vcpu_list, false },
	{ "create", "FILE [KEY=VALUE]...", 0, -1, "Create a domain from a configuration file",
	  "\nThe file is in xl.cfg(5)'s syntax; KEY=VALUE is added to it. See dormouse(1) for the\n"
	  "keys. It stays in the background to see to the domain's end.\n",
	  create_opts, verb_create, true },
	{ "console", "DOMAIN", 1, 1, "Attach to a domain's console", "\nCtrl-] leaves it.\n",
	  console_opts, verb_console, false },
	{ "pause", "DOMAIN", 1, 1, "Stop a domain's vCPUs", NULL, NULL, verb_pause, false },
	{ "unpause", "DOMAIN", 1, 1, "Let a paused domain go on", NULL, NULL, verb_unpause, false },
	{ "suspend", "DOMAIN", 1, 1, "Press a domain's sleep key: it is asked to suspend itself",
	  NULL, suspend_opts, verb_suspend, false },
	{ "resume", "DOMAIN", 1, 1, "Wake a domain that has suspended itself", NULL, NULL,
	  verb_resume, false },
	{ "shutdown", "[-a|DOMAIN]", 0, 1, "Press a domain's power key: it is asked to shut down",
	  NULL, shutdown_opts, verb_shutdown, false },
	{ "reboot", "[-a|DOMAIN]", 0, 1, "Press a domain's restart key: it is asked to reboot",
	  NULL, shutdown_opts, verb_reboot, false },
	{ "destroy", "DOMAIN", 1, 1, "End a domain at once", NULL, destroy_opts, verb_destroy,
	  false },
	{ "domid", "NAME", 1, 1, "Print a domain's id", NULL, NULL, verb_domid, false },
	{ "domname", "ID", 1, 1, "Print a domain's name", NULL, NULL, verb_domname, false },
	{ "rename", "DOMAIN NAME", 2, 2, "Give a domain another name", NULL, NULL, verb_rename,
	  false },
	{ "sched", "[DOMAIN]", 0, 1, "Show or set weights and caps",
	  "\nAlso as sched-credit and sched-credit2, in xl's words.\n", sched_opts, verb_sched,
	  false },
	{ "vcpu-pin", "DOMAIN VCPU|all CPUS [SOFT]", 3, 4, "Say on which CPUs a vCPU may run",
	  "\nCPUS: 0-2,5 or all or all,^3.\n", pin_opts, verb_vcpu_pin, false },
	{ "dmesg", "", 0, 0, "Print the hypervisor's log", NULL, dmesg_opts, verb_dmesg, false },
	{ "sleep", "", 0, 0, "Put the machine to sleep, and say how it went",
	  "\nDom0 suspends to RAM by PSCI SYSTEM_SUSPEND. A wake-up that comes before the machine\n"
	  "sleeps is not lost: then it stays awake, and the exit status is 1.\n",
	  sleep_opts, verb_sleep, false },
	{ "ready", "", 0, 0, "Say that Dom0's devices are back: the other domains go on", NULL,
	  NULL, verb_ready, false },
	{ "blockers", "", 0, 0, "Say what would keep the machine from sleeping now", NULL,
	  json_only, verb_blockers, false },
	{ "wakeup", "[list [DOMAIN] | enable|disable DOMAIN SOURCE...]", 0, -1,
	  "Show or switch what may wake a domain",
	  "\nSources: alarm, console, device, event, key, command, all.\n", json_only, verb_wakeup,
	  false },
	{ "policy", "[DOMAIN [KEY=VALUE]...]", 0, -1,
	  "Show or set what becomes of a domain when "
	  "the machine sleeps",
	  "\nhost_suspend=freeze|require|veto, time=continuous|frozen, veto_ms=N.\n", json_only,
	  verb_policy, false },
	{ "journal", "", 0, 0, "Show when the machine slept, what woke it, and the steps", NULL,
	  journal_opts, verb_journal, false },
	{ "top", "", 0, 0, "Show who uses the CPUs, again and again", "\nq ends it.\n", top_opts,
	  verb_top, false },
	{ "help", "[VERB]", 0, 1, "Print this, or about one verb", NULL, NULL, verb_help_verb,
	  true },
	{ 0 },
};

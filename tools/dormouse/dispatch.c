// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "domains.h"
#include "say.h"
#include "verbs.h"

static void print_usage(FILE *out)
{
	fprintf(out, "Usage: %s [-v] VERB [options] [arguments]\n\nVerbs:\n", program_name);
	for (const struct verb *v = verbs; v->name; v++)
		fprintf(out, "  %-10s %s\n", v->name, v->summary);
	fprintf(out, "\n`%s VERB --help` says more.\n", program_name);
}

int verb_help_verb(const struct args *a)
{
	const struct verb *v;

	if (a->nr_words == 0) {
		print_usage(stdout);
		return STATUS_OK;
	}
	v = verb_find(a->words[0]);
	if (!v) {
		say_error("there is no verb \"%s\"; `%s help` lists them", a->words[0],
		          program_name);
		return STATUS_FAIL;
	}
	verb_help(v, false);
	return STATUS_OK;
}

/* For the shell's completion: `--complete verbs|domains`, `--complete options VERB`. */
static int complete(int argc, char **argv)
{
	const struct verb *v = argc > 1 ? verb_find(argv[1]) : NULL;
	struct dm_domain *all;
	const char *why;
	int n;

	if (argc > 0 && strcmp(argv[0], "verbs") == 0) {
		for (v = verbs; v->name; v++)
			puts(v->name);
	} else if (argc > 0 && strcmp(argv[0], "options") == 0 && v) {
		puts("--help");
		for (const struct opt *o = v->opts; o && o->letter; o++) {
			if (o->name)
				printf("--%s\n", o->name);
		}
	} else if (argc > 0 && strcmp(argv[0], "domains") == 0 && ctl_open(&why) == 0) {
		n = domains_read(&all);
		for (int i = 0; i < n; i++)
			puts(all[i].domid ? all[i].name : "Domain-0");
		if (n >= 0)
			free(all);
	}
	return STATUS_OK;
}

static int run(int argc, char **argv)
{
	const struct verb *v = verb_find(argv[0]);
	const char *why;
	struct args a;
	int status;

	if (!v) {
		say_error("there is no verb \"%s\"; `%s help` lists them", argv[0], program_name);
		return STATUS_FAIL;
	}
	status = args_parse(v, argc - 1, argv + 1, &a);
	if (status)
		return status;
	if (a.opt['h']) {
		verb_help(v, false);
		return STATUS_OK;
	}
	if (!v->here && ctl_open(&why)) {
		say_error("%s", why);
		return STATUS_FAIL;
	}
	return v->run(&a);
}

int tool_run(int argc, char **argv)
{
	static char help[] = "help";
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	int status;

	if (argc && strcmp(slash ? slash + 1 : argv[0], "xl") == 0)
		program_name = "xl";
	/* xl's options before the verb: more talk, force. */
	argv++;
	argc--;
	while (argc > 0 && (strcmp(argv[0], "-v") == 0 || strcmp(argv[0], "-f") == 0)) {
		argv++;
		argc--;
	}
	if (argc <= 0) {
		print_usage(stderr);
		return STATUS_FAIL;
	}
	if (strcmp(argv[0], "--complete") == 0)
		return complete(argc - 1, argv + 1);
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
		argv[0] = help;
	status = run(argc, argv);
	/* What could not be written, such as to a full disk, has not been said. */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	say_error("can't write the output");
	return STATUS_FAIL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs, their options and words. */
#ifndef TOOL_ARGS_H
#define TOOL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

struct opt {
	char letter;      /* how verbs ask for it; small letters and such are also its short form */
	const char *name; /* NULL: no long form */
	const char *arg;  /* what its argument is called; NULL: takes none */
	const char *help;
};

#define OPT_LONG_ONLY(letter) ((letter) >= '0' && (letter) <= '9')
#define OPT_JSON              '0'
#define JSON_OPTION                                  \
	{                                            \
		OPT_JSON, "json", NULL, "print JSON" \
	}

struct args {
	const char *opt[128]; /* by letter: NULL not given, "" given, or its argument */
	char **words;
	int nr_words;
};

struct verb {
	const char *name;
	const char *words;        /* for the usage line */
	int min_words, max_words; /* max -1: any number */
	const char *summary;
	const char *more;       /* NULL or text of whole lines */
	const struct opt *opts; /* up to one with the letter 0; NULL: none */
	int (*run)(const struct args *a);
	bool here; /* it needs no hypervisor */
};

extern const struct verb verbs[]; /* up to one without a name */

const struct verb *verb_find(const char *name);
void verb_help(const struct verb *v, bool to_stderr);

/*
 * Takes argv[0..argc) apart: options anywhere among the words, "--" ends them. Sorts argv. 0, or
 * STATUS_USAGE after a message; 'h' in out->opt is the caller's to look at.
 */
int args_parse(const struct verb *v, int argc, char **argv, struct args *out);

#endif
